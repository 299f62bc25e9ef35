import { mapConcurrent } from '../../../base/concurrency.ts';
import type { TargetGroup } from '../../../targets/group.ts';
import type { MechanismInput } from '../../mechanism.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Lister } from '../listing/lister.ts';
import type { ListQuery, Selector } from '../listing/query.ts';
import type { Push } from '../listing/stream.ts';
import type { ObjectMeta } from '../objects.ts';
import type { KubernetesConfig } from '../schema.ts';
import type { Role } from './role.ts';

/** What the listing of a role is given. */
export interface RoleInput {
  readonly config: Pick<KubernetesConfig, 'role' | 'selectors' | 'attach_metadata'>;
  readonly lister: Lister;
  /** Tells the operator of something that does not fail the listing. */
  readonly warn: MechanismInput['warn'];
  /** The Prometheus whose targets are wanted; absent, the newest. */
  readonly prometheus?: MechanismInput['prometheus'];
}

/** The listing of one namespace: pushes its groups as they come, and ends when all have. */
export type ListNamespace = (
  namespace: string,
  push: Push<readonly TargetGroup[]>,
  signal: AbortSignal,
) => Promise<void>;

/** A list to be read whole before anything can be built of it. */
export type Read = (signal: AbortSignal) => Promise<void>;

/** The configured selector for objects of a role. */
function selectorOf({ config }: RoleInput, role: Role): Selector {
  return config.selectors.find((selector) => selector.role === role) ?? { label: '', field: '' };
}

/** Reads whole lists side by side. */
export async function readAll(reads: readonly Read[], signal: AbortSignal): Promise<void> {
  await mapConcurrent(reads, reads.length, signal, (read, own) => read(own));
}

/** Reads a whole list into a map; begins anew with it when the list does. */
export async function readInto<T extends ObjectMeta, V>(
  lister: Lister,
  query: ListQuery<T>,
  map: Map<string, V>,
  add: (map: Map<string, V>, items: readonly T[]) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const { items, first } of lister.parts(query, signal)) {
    if (first) map.clear();
    add(map, items);
  }
}

/** Targets that are built and handed on at once: few enough to be garbage before they grow old, which costs memory. */
const batchSize = 150;

/**
 * Pushes the groups of each page, and forgets the page. When the list had to be begun anew, groups that are not in it
 * any more are taken back, by groups of their sources without targets.
 */
export async function pushGroups<T extends ObjectMeta>(
  lister: Lister,
  query: ListQuery<T>,
  build: (item: T) => TargetGroup | undefined,
  push: Push<readonly TargetGroup[]>,
  signal: AbortSignal,
): Promise<void> {
  let given = new Set<string>();
  const doubtful = new Set<string>();
  for await (const { items, first } of lister.parts(query, signal)) {
    if (first) {
      for (const source of given) doubtful.add(source);
      given = new Set();
    }
    for (const batch of batchesOf(items, build)) {
      for (const { source } of batch) given.add(source);
      await push(batch);
    }
  }
  const gone = [...doubtful].filter((source) => !given.has(source));
  if (gone.length > 0) await push(gone.map((source) => ({ source, labels: {}, targets: [] })));
}

/** The groups of a page, built as they are asked for. */
function* batchesOf<T>(
  items: readonly T[],
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

/** A kind's list of one namespace, selected as configured for the role. */
export function selected<T extends ObjectMeta>(
  input: RoleInput,
  kind: Kind<T>,
  namespace: string,
  role: Role,
): ListQuery<T> {
  return { kind, namespace, selector: selectorOf(input, role) };
}
