import { decodeGroup, type EncodedGroup } from '../target/canonical.ts';
import { type Change, summarizeChange } from '../target/diff.ts';
import { addressLabel, type LabelSet, type TargetGroup, targetLabels } from '../target/group.ts';

/** A change in one phrase: `+2 -1 ~4 groups, +3 targets`. */
export function summaryText(change: Change): string {
  const { added, removed, changed, targets } = summarizeChange(change);
  return `+${added} -${removed} ~${changed} groups, ${targets < 0 ? '' : '+'}${targets} targets`;
}

/** A change as a diff for a person: a line for each target that came, went, or has other labels. */
export function* changeLines(change: Change): Generator<string, undefined> {
  for (const group of change.removed.values()) yield* targetLines('-', group);
  for (const group of change.added.values()) yield* targetLines('+', group);
  for (const { before, after } of change.changed.values())
    yield* alteredLines(decodeGroup(before), decodeGroup(after));
  return undefined;
}

/** The change as plain data for `--output json`. */
export function changeData(change: Change): object {
  return {
    added: [...change.added.values()].map(decodeGroup),
    removed: [...change.removed.values()].map(decodeGroup),
    changed: [...change.changed.values()].map(({ before, after }) => ({
      before: decodeGroup(before),
      after: decodeGroup(after),
    })),
  };
}

function* targetLines(sign: string, encoded: EncodedGroup): Generator<string, undefined> {
  const group = decodeGroup(encoded);
  for (const target of group.targets) yield `${sign} ${nameOf(group, target)}`;
  return undefined;
}

/** Targets of one group, matched by address; several of one address are matched in their order. */
function* alteredLines(before: TargetGroup, after: TargetGroup): Generator<string, undefined> {
  const old = byName(before);
  for (const [name, labels] of byName(after)) {
    const was = old.get(name);
    old.delete(name);
    if (was === undefined) yield `+ ${name}`;
    else {
      const differences = labelDifferences(was, labels);
      if (differences !== '') yield `~ ${name}  ${differences}`;
    }
  }
  for (const name of old.keys()) yield `- ${name}`;
  return undefined;
}

function byName(group: TargetGroup): Map<string, LabelSet> {
  const targets = new Map<string, LabelSet>();
  for (const target of group.targets) {
    const name = nameOf(group, target);
    let unique = name;
    for (let count = 2; targets.has(unique); count++) unique = `${name} #${count}`;
    targets.set(unique, targetLabels(group, target));
  }
  return targets;
}

function labelDifferences(before: LabelSet, after: LabelSet): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${quoted(before[name])} → ${quoted(after[name])}`)
    .join(', ');
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

function nameOf(group: TargetGroup, target: LabelSet): string {
  return `${group.source} ${target[addressLabel] ?? group.labels[addressLabel] ?? 'without address'}`;
}
