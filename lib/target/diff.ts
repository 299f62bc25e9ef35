import { MusterError } from '../errors.ts';
import { compare, type EncodedGroup, type Groups, sortGroups } from './canonical.ts';

/** The difference between two listings, by source. */
export interface Change {
  readonly added: Groups;
  readonly removed: Groups;
  readonly changed: ReadonlyMap<string, { readonly before: EncodedGroup; readonly after: EncodedGroup }>;
}

/** What turns `before` into `after`. */
export function diffGroups(before: Groups, after: Groups): Change {
  const added = new Map<string, EncodedGroup>();
  const removed = new Map<string, EncodedGroup>();
  const changed = new Map<string, { before: EncodedGroup; after: EncodedGroup }>();
  for (const [source, group] of after) {
    const old = before.get(source);
    if (old === undefined) added.set(source, group);
    else if (old.digest !== group.digest) changed.set(source, { before: old, after: group });
  }
  for (const [source, group] of before) {
    if (!after.has(source)) removed.set(source, group);
  }
  return {
    added: sortGroups(added),
    removed: sortGroups(removed),
    changed: new Map([...changed].sort(([a], [b]) => compare(a, b))),
  };
}

/** Whether nothing changed. */
export function isEmptyChange(change: Change): boolean {
  return change.added.size + change.removed.size + change.changed.size === 0;
}

/** The listing after the change. Throws (kind `storage`) where the change was not made of this very listing. */
export function applyChange(groups: Groups, change: Change): Groups {
  const next = new Map(groups);
  for (const [source, group] of change.added) {
    expectGroup(next, source, undefined);
    next.set(source, group);
  }
  for (const [source, group] of change.removed) {
    expectGroup(next, source, group);
    next.delete(source);
  }
  for (const [source, { before, after }] of change.changed) {
    expectGroup(next, source, before);
    next.set(source, after);
  }
  return sortGroups(next);
}

/** The change that takes back this one. */
export function invertChange(change: Change): Change {
  const changed = [...change.changed].map(
    ([source, { before, after }]) => [source, { before: after, after: before }] as const,
  );
  return { added: change.removed, removed: change.added, changed: new Map(changed) };
}

/** The listing before the change. Throws as `applyChange` does. */
export function revertChange(groups: Groups, change: Change): Groups {
  return applyChange(groups, invertChange(change));
}

function expectGroup(groups: Groups, source: string, expected: EncodedGroup | undefined): void {
  if (groups.get(source)?.digest !== expected?.digest) {
    throw new MusterError(
      'storage',
      `the change does not fit the listing at group "${source}": journal and snapshot disagree`,
    );
  }
}
