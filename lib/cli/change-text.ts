import { decodeGroup } from '../target/canonical.ts';
import type { Change } from '../target/diff.ts';
import {
  type ChangeCounts,
  groupChanges,
  type TargetChange,
  targetChanges,
} from '../target/target-changes.ts';

/** A change in one phrase: `+2 -1 ~4 targets`. */
export function summaryText({ added, removed, changed }: ChangeCounts): string {
  return `+${added} -${removed} ~${changed} targets`;
}

/** A change as a diff for a person: a line for each target that came, went, or has other labels. */
export function* changeLines(change: Change): Generator<string, undefined> {
  for (const group of change.removed.values()) yield* lines(targetChanges(decodeGroup(group), undefined));
  for (const group of change.added.values()) yield* lines(targetChanges(undefined, decodeGroup(group)));
  for (const { before, after } of change.changed.values())
    yield* lines(targetChanges(decodeGroup(before), decodeGroup(after)));
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

const signs = { added: '+', removed: '-', changed: '~' } as const;

/** Ports of a pod whose labels changed alike share a line. */
function* lines(changes: Iterable<TargetChange>): Generator<string, undefined> {
  for (const group of groupChanges(changes)) {
    const [{ kind, source, differences }] = group;
    const names = group.map(
      ({ address, count }) => `${address ?? 'without address'}${count === 1 ? '' : ` #${count}`}`,
    );
    const values = differences.map((one) => `${one.name}: ${quoted(one.before)} → ${quoted(one.after)}`);
    yield `${signs[kind]} ${source} ${names.join(', ')}${values.length === 0 ? '' : `  ${values.join(', ')}`}`;
  }
  return undefined;
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
