import { formatDuration } from '../config/fields.ts';
import { acceptRetiredCommand, retireCommand, unpinCommand } from '../cycle/hints.ts';
import type { LeavingProvider } from '../cycle/leaving.ts';
import { decodeGroup } from '../targets/canonical.ts';
import {
  type Change,
  type ChangeCounts,
  groupChanges,
  type TargetChange,
  targetChanges,
} from '../targets/diff.ts';
import type { Io } from './command.ts';
import { counted, openPaint, printable, type Style } from './output.ts';

/** A change in one phrase: `+2 -1 ~4 targets`. */
export function summaryText({ added, removed, changed }: ChangeCounts): string {
  return `+${added} -${removed} ~${changed} targets`;
}

/** A change as a diff: a line for each target that was added, removed or changed. */
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

/** The lines of a group. Targets with equal changes, such as the ports of a pod, share a line. */
function* lines(changes: Iterable<TargetChange>): Generator<string, undefined> {
  for (const group of groupChanges(changes)) {
    yield changeText(...group);
  }
  return undefined;
}

/** A line for a target that was added, removed or changed, and for others that changed in the same way. */
export function changeText(first: TargetChange, ...others: readonly TargetChange[]): string {
  const { kind, source, differences } = first;
  const names = [first, ...others].map(
    ({ address, count }) => `${address ?? 'without address'}${count === 1 ? '' : ` #${count}`}`,
  );
  const values = differences.map((one) => `${one.name}: ${quoted(one.before)} → ${quoted(one.after)}`);
  return `${signs[kind]} ${source} ${names.join(', ')}${values.length === 0 ? '' : `  ${values.join(', ')}`}`;
}

function quoted(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** How a change is printed. */
export interface PrintOptions {
  /** Text before each line. */
  readonly indent?: string;
  /** The most lines to print. The others are counted. Default: all. */
  readonly limit?: number;
}

/** Prints a change as a diff. */
export async function printChange(
  io: Io,
  change: Change,
  { indent = '', limit = Number.POSITIVE_INFINITY }: PrintOptions = {},
): Promise<void> {
  const paint = openPaint(io);
  let count = 0;
  for (const line of changeLines(change)) {
    count++;
    const text = printable(line);
    if (count <= limit) await io.out(`${indent}${paint(lineStyles[text.charAt(0)], text)}\n`);
  }
  if (count > limit) await io.out(`${indent}… and ${count - limit} more\n`);
}

/** By the first character of a line. */
const lineStyles: Readonly<Record<string, Style>> = { '+': 'good', '-': 'bad', '~': 'warn' };

/** A line about a provider that left the configuration; `verb` is `retired` or `would be retired`. */
export function leavingText(one: LeavingProvider, verb: 'retired' | 'would be retired'): string {
  const { job, provider, targets, state, wait, reason } = one;
  const name = `${printable(`${job}/${provider}`)} (${counted(targets, 'target')})`;
  if (state === 'due') return `${name}: ${verb}, ${reason}\n`;
  if (state === 'held') return `${name}: not retired: ${reason}; "${acceptRetiredCommand}" lets it go\n`;
  if (state === 'pinned')
    return `${name}: not retired: ${reason}; "${printable(unpinCommand({ job, provider }))}" ends the pin\n`;
  const left = formatDuration(Math.ceil(wait / 1000) * 1000);
  return `${name}: ${reason}, is retired in ${left}; "${printable(retireCommand({ job, provider }))}" does it now\n`;
}
