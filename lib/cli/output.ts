import { formatLeftAlone } from '../config/left-alone.ts';
import type { LeftAlone } from '../config/muster-config.ts';
import type { Io } from './command.ts';
import { formatTable, printable } from './table.ts';

interface Layout<Item> {
  readonly heading: readonly string[];
  readonly row: (item: Item) => readonly string[];
  /** What a person reads when there is nothing. */
  readonly empty: string;
}

/** Prints a list as the `--output` option says. */
export async function printList<Item>(
  io: Io,
  output: 'table' | 'json',
  items: readonly Item[],
  layout: Layout<Item>,
): Promise<void> {
  if (output === 'json') await io.out(`${JSON.stringify(items, undefined, 2)}\n`);
  else if (items.length === 0) io.err(`${layout.empty}\n`);
  else await io.out(formatTable(layout.heading, items.map(layout.row)));
}

/** A count with its word: `1 job`, `2 jobs`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** The line of `formatLeftAlone` for a terminal; empty for nothing. */
export function leftAloneText(leftAlone: readonly LeftAlone[]): string {
  const line = formatLeftAlone(leftAlone);
  return line === '' ? '' : `${printable(line)}\n`;
}
