import { mapConcurrent } from '../../../base/concurrency.ts';
import type { TargetGroup } from '../../../targets/group.ts';
import type { MechanismInput } from '../../mechanism.ts';
import type { Kind, ObjectMeta } from '../kinds/kind.ts';
import type { Lister } from '../listing/lister.ts';
import type { ListQuery, Selector } from '../listing/page.ts';
import type { Push } from '../listing/stream.ts';
import type { KubernetesConfig, Role } from '../schema.ts';

/** What the listing of a role needs. */
export interface RoleInput {
  readonly config: Pick<KubernetesConfig, 'role' | 'selectors' | 'attach_metadata'>;
  readonly lister: Lister;
  /** Reports a problem that does not fail the listing. */
  readonly warn: MechanismInput['warn'];
  /** The Prometheus version whose targets are wanted; absent means the newest. */
  readonly prometheus?: MechanismInput['prometheus'];
}

/** How a role lists one namespace. */
export interface RoleListing {
  /** Pushes the groups of the namespace as they come and ends after the last one. Throws what listing throws. */
  readonly list: (
    namespace: string,
    push: Push<readonly TargetGroup[]>,
    signal: AbortSignal,
  ) => Promise<void>;
  /** All lists that `list` reads for the namespace. */
  readonly queries: (namespace: string) => readonly ListQuery<ObjectMeta>[];
}

/** Reads a list that must be complete before groups are built. Throws what listing throws. */
export type Read = (signal: AbortSignal) => Promise<void>;

/** The configured selector for objects of a role. */
function selectorOf({ config }: RoleInput, role: Role): Selector {
  return config.selectors.find((selector) => selector.role === role) ?? { label: '', field: '' };
}

/** Reads whole lists at the same time. Throws the first failure. */
export async function readAll(reads: readonly Read[], signal: AbortSignal): Promise<void> {
  await mapConcurrent(reads, reads.length, signal, (read, own) => read(own));
}

/** A map, and how a page of objects gets into it. */
export interface MapOfList<T, V> {
  readonly map: Map<string, V>;
  readonly add: (map: Map<string, V>, items: Iterable<T>) => void;
}

/** Reads a whole list into a map. Clears the map when the list starts again. Throws what listing throws. */
export async function readInto<T extends ObjectMeta, V>(
  lister: Lister,
  query: ListQuery<T>,
  { map, add }: MapOfList<T, V>,
  signal: AbortSignal,
): Promise<void> {
  for await (const { items, first } of lister.parts(query, signal)) {
    if (first) map.clear();
    add(map, items);
  }
}

/** Targets in one batch. Small batches become garbage while they are young, which saves memory. */
const batchSize = 150;

/** How groups are built from a list's objects, and where they go. */
export interface GroupsOfList<T> {
  readonly build: (item: T) => TargetGroup | undefined;
  readonly push: Push<readonly TargetGroup[]>;
}

/**
 * Pushes the groups of a list, page by page. When the list started again, an empty group takes back each group that is no
 * longer in it. Throws what listing throws.
 */
export async function pushGroups<T extends ObjectMeta>(
  lister: Lister,
  query: ListQuery<T>,
  { build, push }: GroupsOfList<T>,
  signal: AbortSignal,
): Promise<void> {
  let given: string[] = [];
  const doubtful = new Set<string>();
  for await (const { items, first } of lister.parts(query, signal)) {
    if (first) {
      for (const source of given) doubtful.add(source);
      given = [];
    }
    for (const batch of batchesOf(items, build)) {
      for (const { source } of batch) given.push(source);
      await push(batch);
    }
  }
  if (doubtful.size === 0) return;
  const gone = [...doubtful.difference(new Set(given))];
  if (gone.length > 0) await push(gone.map((source) => ({ source, labels: {}, targets: [] })));
}

/** The groups of a page, built on demand. */
function* batchesOf<T>(
  items: Iterable<T>,
  build: (item: T) => TargetGroup | undefined,
): Generator<readonly TargetGroup[]> {
  let batch: TargetGroup[] = [];
  let targets = 0;
  for (const item of items) {
    const group = build(item);
    if (group === undefined) continue;
    batch.push(group);
    targets += group.targets.length;
    if (targets < batchSize) continue;
    yield batch;
    batch = [];
    targets = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The query for a kind's list in one namespace, with the selector that is configured for the role. */
export function selected<T extends ObjectMeta>(
  input: RoleInput,
  kind: Kind<T>,
  namespace: string,
  role: Role,
): ListQuery<T> {
  return { kind, namespace, selector: selectorOf(input, role) };
}
