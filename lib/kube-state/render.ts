import type { Lister } from '../backends/kubernetes/listing/lister.ts';
import { collectCustom } from './custom/collect.ts';
import type { CustomResource } from './custom/config.ts';
import type { FamilyCount } from './gate.ts';
import type { Keep, ListScope } from './list-objects.ts';
import type { KubeStateConfig } from './options.ts';
import { resources } from './registry.ts';
import type { Collected, KubeStateResource } from './resource.ts';
import { openJoined } from './text/blocks.ts';
import type { AllowedMaps, FamilyNames } from './text/family.ts';
import { type Allow, allowKeys, type LabelLists } from './text/label-names.ts';
import { openPress } from './text/press.ts';
import { type Member, openSpill, type Spill } from './text/spill.ts';

/** The text of an output. It is compressed in a temporary file until `close` is called. */
export interface Rendered {
  readonly objects: number;
  readonly samples: number;
  /** Counts by the family's name. */
  readonly families: ReadonlyMap<string, FamilyCount>;
  /** Compressed size in bytes. */
  readonly size: number;
  /** The gzip members of the text, in order. */
  readonly members: () => Iterable<Uint8Array>;
  readonly close: () => void;
}

/**
 * Lists the resources one after another and writes their families. Memory holds one page of a list and one block of
 * text for each family, for a cluster of any size. Throws what listing throws, since an incomplete output is useless,
 * and kind `storage` when the temporary file cannot be written.
 */
export async function render(lister: Lister, selection: Selection, signal: AbortSignal): Promise<Rendered> {
  const spill = openSpill();
  const press = openPress(spill);
  try {
    const whole = openJoined(press);
    let objects = 0;
    const families = new Map<string, FamilyCount>();
    const add = (collected: Collected): void => {
      objects += collected.objects;
      // A custom resource may use the name of another family.
      for (const [name, { samples, objects }] of collected.families) {
        const before = families.get(name) ?? { samples: 0, objects: 0 };
        families.set(name, { samples: before.samples + samples, objects: before.objects + objects });
      }
    };
    const input = { lister, ...selection, press, whole, signal };
    for (const resource of selection.resources)
      add(await resource.collect({ ...input, allowed: allowedOf(selection, resource.resource) }));
    if (selection.custom !== undefined) add(await collectCustom(selection.custom, { ...input, allowed: {} }));
    const members = whole.end();
    await press.finish();
    return {
      objects,
      samples: [...families.values()].reduce((sum, { samples }) => sum + samples, 0),
      families,
      size: members.reduce((sum, { length }) => sum + length, 0),
      members: () => readMembers(spill, members),
      close: spill.close,
    };
  } catch (error) {
    spill.close();
    throw error;
  } finally {
    press.close();
  }
}

function allowedOf({ allowedLabels, allowedAnnotations }: Selection, resource: string): AllowedMaps {
  const labels = allowedLabels.get(resource);
  const annotations = allowedAnnotations.get(resource);
  return { labels, annotations };
}

/** Bytes of a piece, at least: a store writes each piece by itself. */
const pieceLength = 1 << 18;

function* readMembers(spill: Spill, members: readonly Member[]): Generator<Uint8Array, undefined> {
  let piece: Member[] = [];
  let length = 0;
  for (const member of members) {
    piece.push(member);
    length += member.length;
    if (length < pieceLength) continue;
    yield readPiece(spill, piece, length);
    piece = [];
    length = 0;
  }
  if (length > 0) yield readPiece(spill, piece, length);
  return undefined;
}

function readPiece(spill: Spill, members: readonly Member[], length: number): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const member of members) {
    spill.read(member, memory.subarray(at));
    at += member.length;
  }
  return memory;
}

/** What an output lists and writes: the options of one output, resolved. */
export interface Selection extends ListScope {
  readonly resources: readonly KubeStateResource[];
  /** Custom resources, as configured. */
  readonly custom?: readonly CustomResource[] | undefined;
  /** Whether a family is written. */
  readonly wants: (family: FamilyNames) => boolean;
  /** Which labels become Prometheus labels, by resource. */
  readonly allowedLabels: ReadonlyMap<string, Allow>;
  /** Which annotations become Prometheus labels, by resource. */
  readonly allowedAnnotations: ReadonlyMap<string, Allow>;
}

/**
 * Resolves the options of an output for one shard. The caller resolves the namespaces, since its own may be among them.
 */
export function selectionOf(
  config: KubeStateConfig,
  namespaces: readonly string[],
  shard: number,
): Selection {
  const keep = keepShard(shard, config.total_shards);
  const selected = selectedResources(config);
  const custom = config.custom_resource_state_config?.spec.resources;
  return {
    resources: selected,
    custom,
    namespaces,
    deniedNamespaces: config.namespaces_denylist,
    podField: podFieldOf(config),
    objectLimit: config.object_limit,
    wants: wantsFamily(config),
    allowedLabels: allowed(config.metric_labels_allowlist, selected),
    allowedAnnotations: allowed(config.metric_annotations_allowlist, selected),
    keep,
  };
}

/** `track_unscheduled_pods` comes before `node`. Source: kube-state-metrics, pkg/app. */
function podFieldOf({ node, track_unscheduled_pods: unscheduled }: KubeStateConfig): string {
  if (unscheduled) return 'spec.nodeName=';
  return node === undefined ? '' : `spec.nodeName=${node}`;
}

/** The resources that an output lists: the named ones, or the default ones. */
export function selectedResources({
  resources: names,
  custom_resource_state_only: onlyCustom,
}: KubeStateConfig): readonly KubeStateResource[] {
  if (onlyCustom) return [];
  if (names.length === 0) return resources.filter(({ notByDefault }) => notByDefault !== true);
  return resources.filter(({ resource }) => names.includes(resource));
}

/** Patterns match anywhere in a name, as in kube-state-metrics. */
function wantsFamily({ metric_allowlist, metric_denylist, metric_opt_in_list }: KubeStateConfig) {
  return ({ name, optIn }: FamilyNames): boolean => {
    const matches = (pattern: RegExp) => pattern.test(name);
    if (optIn === true && !metric_opt_in_list.some(matches)) return false;
    if (metric_allowlist.length > 0) return metric_allowlist.some(matches);
    return !metric_denylist.some(matches);
  };
}

/** The list of `*` comes before the list of a resource. */
function allowed(lists: LabelLists, selected: readonly KubeStateResource[]): ReadonlyMap<string, Allow> {
  const { '*': forAll } = lists;
  const byName = new Map<string, Allow>();
  for (const { resource } of selected) {
    const keys = forAll ?? (Object.hasOwn(lists, resource) ? lists[resource] : undefined);
    if (keys !== undefined && keys.length > 0) byName.set(resource, allowKeys(keys));
  }
  return byName;
}

/**
 * Returns whether objects belong to the shard (from 0), as kube-state-metrics assigns them by UID. Undefined for a
 * single shard. Source: kube-state-metrics, pkg/sharding.
 */
export function keepShard(shard: number, totalShards: number): Keep | undefined {
  if (totalShards === 1) return undefined;
  return (uid) => jumpHash(fnv64a(uid), totalShards) === shard;
}

/** FNV-1a of 64 bits over the UTF-8 bytes of the string. */
export function fnv64a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask;
  return hash;
}

/** The bucket of a key, from 0. Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm". */
export function jumpHash(key: bigint, buckets: number): number {
  let bucket = -1;
  let next = 0;
  let state = key;
  while (next < buckets) {
    bucket = next;
    state = (state * 2862933555777941757n + 1n) & mask;
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}

const mask = 2n ** 64n - 1n;
