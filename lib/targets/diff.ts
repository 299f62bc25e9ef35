import { MusterError } from '../base/errors.ts';
import {
  compare,
  countTargets,
  decodeGroup,
  type EncodedGroup,
  type Groups,
  sortGroups,
} from './canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, targetLabels } from './group.ts';

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
  applyTo(next, change);
  return sortGroups(next);
}

/**
 * The same in place, for many changes one after the other; the order of the groups is lost. Throws as `applyChange`.
 */
export function applyTo(groups: Map<string, EncodedGroup>, change: Change): void {
  for (const [source, group] of change.added) {
    expectGroup(groups, source, undefined);
    groups.set(source, group);
  }
  for (const [source, group] of change.removed) {
    expectGroup(groups, source, group);
    groups.delete(source);
  }
  for (const [source, { before, after }] of change.changed) {
    expectGroup(groups, source, before);
    groups.set(source, after);
  }
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

/** A label whose value changed; a value is `undefined` if the label is absent. */
export interface LabelChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A target that came, went, or has other labels. */
export interface TargetChange {
  readonly kind: 'added' | 'removed' | 'changed';
  /** Source of its group. */
  readonly source: string;
  /** `undefined` for a target without one. */
  readonly address: string | undefined;
  /** From 2 up for a further target of the group with the same address. */
  readonly count: number;
  /** All its labels after the change; of one that went, before it. */
  readonly labels: LabelSet;
  /** In the order of their names; empty unless it is `changed`. */
  readonly differences: readonly LabelChange[];
}

/** How many targets came, went, and have other labels. */
export interface ChangeCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** Counts the targets of a change, those without address left out. Groups that are new or gone need not be read. */
export function countChange({ added, removed, changed }: Change): ChangeCounts {
  const counts = { added: countTargets(added), removed: countTargets(removed), changed: 0 };
  for (const { before, after } of changed.values())
    for (const change of targetChanges(decodeGroup(before), decodeGroup(after))) tally(counts, change);
  return counts;
}

/** Adds one target to the counts, unless it has no address. */
export function tally(
  counts: { added: number; removed: number; changed: number },
  { kind, address }: Pick<TargetChange, 'kind' | 'address'>,
): void {
  if (address !== undefined) counts[kind] += 1;
}

/**
 * What became of the targets of a group; without `before` the group is new, without `after` it is gone. Targets are
 * matched by address, several of one address in their order.
 */
export function* targetChanges(
  before: TargetGroup | undefined,
  after: TargetGroup | undefined,
): Generator<TargetChange, undefined> {
  const old = before === undefined ? new Map<string, Named>() : byName(before);
  for (const [name, target] of after === undefined ? [] : byName(after)) {
    const was = old.get(name);
    old.delete(name);
    if (was === undefined) yield { kind: 'added', ...target, differences: [] };
    else {
      const differences = labelChanges(was.labels, target.labels);
      if (differences.length > 0) yield { kind: 'changed', ...target, differences };
    }
  }
  for (const target of old.values()) yield { kind: 'removed', ...target, differences: [] };
  return undefined;
}

/**
 * Targets that follow each other, of one source and with the same labels changed, together: the ports of a pod. Each
 * other target is by itself.
 */
export function* groupChanges(
  changes: Iterable<TargetChange>,
): Generator<readonly [TargetChange, ...TargetChange[]], undefined> {
  let group: [TargetChange, ...TargetChange[]] | undefined;
  let last = '';
  for (const change of changes) {
    const key = change.kind === 'changed' ? JSON.stringify([change.source, change.differences]) : '';
    if (group !== undefined && key !== '' && key === last) group.push(change);
    else {
      if (group !== undefined) yield group;
      group = [change];
    }
    last = key;
  }
  if (group !== undefined) yield group;
  return undefined;
}

type Named = Pick<TargetChange, 'source' | 'address' | 'count' | 'labels'>;

function byName(group: TargetGroup): Map<string, Named> {
  const targets = new Map<string, Named>();
  const counts = new Map<string | undefined, number>();
  for (const target of group.targets) {
    const labels = targetLabels(group, target);
    const address = labels[addressLabel];
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    targets.set(JSON.stringify([address, count]), { source: group.source, address, count, labels });
  }
  return targets;
}

/** What is different between two label sets, in the order of the names. */
export function labelChanges(before: LabelSet, after: LabelSet): readonly LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
}
