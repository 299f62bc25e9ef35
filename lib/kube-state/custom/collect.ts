import { jsonKind, type Kind, type KindNames } from '../../backends/kubernetes/kinds/kind.ts';
import type { Lister } from '../../backends/kubernetes/listing/lister.ts';
import { list, optionalFlag, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { asObject } from '../../backends/kubernetes/wire/table.ts';
import { compare } from '../../targets/canonical.ts';
import { listObjects, type Sheet } from '../list-objects.ts';
import { type Collected, type CollectInput, kindOf } from '../resource.ts';
import { type Blocks, type BlocksMark, createBlocks, type Joined } from '../text/blocks.ts';
import { familyHeader, familyWriter, type LabelledFamily } from '../text/family.ts';
import type { Press } from '../text/press.ts';
import type { CustomResource } from './config.ts';
import { type CustomObject, countSkips, familiesOf, type GroupVersionKind, type Skips } from './family.ts';
import { isLookup, isObject, type JsonObject, valueAt } from './path.ts';

/** Lists the custom resources, one kind after another, and writes their families. Throws what listing throws. */
export async function collectCustom(
  resources: readonly CustomResource[],
  input: CollectInput,
): Promise<Collected> {
  const { lister, press, whole, signal } = input;
  const kinds = resources.some(needsDefinitions) ? await listServedKinds(lister, signal) : [];
  const sheet = openCustomSheet(press, whole);
  const skips = countSkips();
  for (const resolved of resolveKinds(resources, kinds)) await collectKind(resolved, sheet, skips, input);
  for (const line of skips.lines()) input.warn?.(line);
  return sheet.finish();
}

/** With configured namespaces, a cluster-scoped kind has no objects: kube-state-metrics only lists the namespaces. */
async function collectKind(
  { resource, served }: Resolved,
  sheet: CustomSheet,
  skips: Skips,
  { wants, ...input }: CollectInput,
): Promise<void> {
  const families = familiesOf(resource, served, skips).filter(wants);
  const everywhere = input.namespaces.includes('');
  if (families.length === 0 || (served.namespaced === false && !everywhere)) return;
  const { group, version, kind, plural, listKind, namespaced } = served;
  const names = { resource: plural, apiVersion: `${group}/${version}`, listKind, kind };
  // If the scope of the kind is unknown, a field selector must not mention namespaces.
  const isNamespaced = namespaced ?? !everywhere;
  const custom = customKind({ ...names, namespaced: isNamespaced }, wantedBy(resource));
  await listObjects(sheet.of(families), custom, { ...input, mayBeMissing: true });
}

/** A kind of custom resource. Only the wanted parts of its objects are kept. */
function customKind(names: KindNames & { readonly kind: string }, wanted: Wanted): Kind<CustomObject> {
  const { kind: kindName, ...listed } = names;
  return jsonKind(listed, (json) => {
    // The items of a list may lack apiVersion and kind.
    const { apiVersion = listed.apiVersion, kind = kindName } = asObject(json);
    return keepWanted({ ...asObject(json), apiVersion, kind }, wanted);
  });
}

/** The parts of an object that are read: everything, or the values of some keys. */
export type Wanted = 'all' | ReadonlyMap<string, Wanted>;

/** Returns the parts that the metrics of a resource read; everything below the path of a metric. */
export function wantedBy({ labelsFromPath, metrics }: CustomResource): Wanted {
  const paths = [
    ...Object.values(labelsFromPath),
    ...metrics.flatMap((metric) => [...Object.values(metric.labelsFromPath), metric.each.path]),
  ];
  return treeOf(paths);
}

/** Returns the value reduced to its wanted parts. Lists stay complete. */
export function keepWanted(value: unknown, wanted: Wanted): unknown {
  if (wanted === 'all' || !isObject(value)) return value;
  return Object.fromEntries(entriesOf(value, wanted));
}

function* entriesOf(value: JsonObject, wanted: ReadonlyMap<string, Wanted>): Iterable<[string, unknown]> {
  for (const [key, inner] of wanted)
    if (Object.hasOwn(value, key)) yield [key, keepWanted(valueAt(value, key), inner)];
}

function treeOf(paths: readonly (readonly string[])[]): Wanted {
  if (paths.some(([first]) => first === undefined || isLookup(first) || first.includes('='))) return 'all';
  const byKey = Map.groupBy(paths, ([first = '']) => first);
  return new Map([...byKey].map(([key, below]) => [key, treeOf(below.map((path) => path.slice(1)))]));
}

/** The present end of the text: object count, and end of each column. */
interface Mark {
  readonly objects: number;
  readonly columns: readonly (readonly [Column, BlocksMark & { readonly objects: number }])[];
}

interface Column {
  readonly header: string;
  readonly blocks: Blocks;
  /** Objects that could have samples of the family. */
  objects: number;
}

/** The text of all custom resources. Families of one name are together, below one header. */
export interface CustomSheet {
  /** For the objects of one kind, with these families. */
  readonly of: (families: readonly LabelledFamily<CustomObject>[]) => Sheet<CustomObject, Mark>;
  readonly finish: () => Collected;
}

/** Only the labels that its configuration gives identify a custom resource. */
const noLabels = new Uint8Array();

/** Opens the text of all custom resources. */
export function openCustomSheet(press: Press, whole: Joined): CustomSheet {
  const columns = new Map<string, Column>();
  let objects = 0;
  const columnOf = (family: LabelledFamily<CustomObject>): Column => {
    const column = columns.get(family.name) ?? {
      header: familyHeader(family),
      blocks: createBlocks(press),
      objects: 0,
    };
    columns.set(family.name, column);
    return column;
  };
  return {
    of(families) {
      const written = families.map((family) => {
        return { column: columnOf(family), write: familyWriter(family, {}) };
      });
      const own = new Set(written.map(({ column }) => column));
      return {
        write(object) {
          objects++;
          for (const column of own) column.objects++;
          for (const { write, column } of written) write?.(object, noLabels, column.blocks);
        },
        pause: press.pause,
        mark: () => ({
          objects,
          columns: [...own].map((column) => {
            const { blocks, objects } = column;
            return [column, { ...blocks.mark(), objects }] as const;
          }),
        }),
        backTo(mark) {
          ({ objects } = mark);
          for (const [column, at] of mark.columns) {
            column.blocks.backTo(at);
            column.objects = at.objects;
          }
        },
      };
    },
    finish() {
      const used = [...columns].filter(([, column]) => column.objects > 0);
      for (const [, { blocks, header }] of used) blocks.moveTo(whole, header);
      const families = new Map(
        used.map(([name, column]) => [name, { samples: column.blocks.count(), objects: column.objects }]),
      );
      return { objects, families };
    },
  };
}

/** A configured resource, and a kind that it selects. */
interface Resolved {
  readonly resource: CustomResource;
  readonly served: Served;
}

/** A kind as it is listed. Its scope is unknown if its definition was not read. */
type Served = Omit<ServedKind, 'namespaced'> & { readonly namespaced: boolean | undefined };

/** Whether the definitions must be listed to find the kinds of the resource. */
export function needsDefinitions({ groupVersionKind, resourcePlural }: CustomResource): boolean {
  return resourcePlural === '' || groupVersionKind.version === '*' || groupVersionKind.kind === '*';
}

/**
 * Returns the kinds that the configured resources select, ordered by name. When two resources select one kind, the
 * later wins. Kinds that the server does not serve are left out.
 */
function resolveKinds(
  resources: readonly CustomResource[],
  kinds: readonly ServedKind[],
): readonly Resolved[] {
  const byName = new Map<string, Resolved>();
  for (const resource of resources)
    for (const served of servedOf(resource, kinds))
      byName.set(`${served.group}/${served.version}/${served.plural}`, { resource, served });
  return [...byName].sort(([a], [b]) => compare(a, b)).map(([, resolved]) => resolved);
}

function servedOf(resource: CustomResource, kinds: readonly ServedKind[]): readonly Served[] {
  const { groupVersionKind, resourcePlural: plural } = resource;
  if (!needsDefinitions(resource)) {
    const listKind = `${groupVersionKind.kind}List`;
    return [{ ...groupVersionKind, plural, listKind, namespaced: undefined }];
  }
  const { group, version, kind } = groupVersionKind;
  const fits = (wanted: string, found: string) => wanted === '*' || wanted === found;
  return kinds.filter(
    (served) => served.group === group && fits(version, served.version) && fits(kind, served.kind),
  );
}

/** Where custom resource definitions are listed. */
export const definitionsResource = {
  resource: 'customresourcedefinitions',
  apiVersion: 'apiextensions.k8s.io/v1',
  listKind: 'CustomResourceDefinitionList',
  namespaced: false,
} as const;

/** A kind of custom resource in one version that the API server serves. */
interface ServedKind extends GroupVersionKind {
  readonly plural: string;
  readonly listKind: string;
  readonly namespaced: boolean;
}

/** Definitions on a page. Their schemas make them large: a page has some megabytes. */
const pageSize = 50;

/** Lists all kinds of custom resources that the API server serves. Throws what listing throws. */
async function listServedKinds(lister: Lister, signal: AbortSignal): Promise<readonly ServedKind[]> {
  let served: ServedKind[] = [];
  const kind = kindOf(definitionsResource, definition, { labels: false, annotations: false });
  for await (const { items, first } of lister.parts({ kind, namespace: '', limit: pageSize }, signal)) {
    if (first) served = [];
    for (const { spec } of items) {
      const { group, names, scope, versions } = spec;
      const { kind, listKind, plural } = names;
      for (const { name: version, served: isServed } of versions) {
        if (isServed === false) continue;
        const listed = listKind === '' ? `${kind}List` : listKind;
        served.push({ group, version, kind, plural, listKind: listed, namespaced: scope !== 'Cluster' });
      }
    }
  }
  return served;
}

/** Numbers: generated.proto of k8s.io/apiextensions-apiserver. */
const definition = {
  spec: struct(2, {
    group: word(1),
    names: struct(3, { plural: word(1), kind: word(4), listKind: word(5) }),
    scope: word(4),
    versions: list(7, { name: word(1), served: optionalFlag(2) }),
  }),
};
