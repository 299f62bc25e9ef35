import { type Io, UsageError } from './command.ts';
import { formatTable } from './table.ts';

interface Layout<Item> {
  readonly heading: readonly string[];
  readonly row: (item: Item) => readonly string[];
  /** What a person reads when there is nothing. */
  readonly empty: string;
}

/** Prints a list as the `--output` option says. */
export async function printList<Item>(
  io: Io,
  output: string,
  items: readonly Item[],
  layout: Layout<Item>,
): Promise<void> {
  if (isJson(output)) await io.out(`${JSON.stringify(items, undefined, 2)}\n`);
  else if (items.length === 0) io.err(`${layout.empty}\n`);
  else await io.out(formatTable(layout.heading, items.map(layout.row)));
}

/** Whether `--output` says json; anything but json and table is wrong usage. */
export function isJson(output: string): boolean {
  if (output !== 'json' && output !== 'table')
    throw new UsageError(`--output is table or json, not "${output}"`);
  return output === 'json';
}
