import type { LeftAlone } from '../config/muster-config.ts';
import { formatLeftAlone } from '../config/prometheus-keys.ts';
import type { Progress } from '../targets/discover.ts';
import type { Io } from './command.ts';

interface Layout<Item> {
  readonly heading: readonly string[];
  readonly row: (item: Item) => readonly string[];
  /** The message for an empty list. */
  readonly empty: string;
}

/** Prints a list in the format of `--output`. */
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

/** A count and its noun: `1 job`, `2 jobs`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** The line of `formatLeftAlone` for a terminal; empty where nothing is left to Prometheus. */
export function leftAloneText(leftAlone: readonly LeftAlone[]): string {
  const line = formatLeftAlone(leftAlone);
  return line === '' ? '' : `${printable(line)}\n`;
}

/** Rows as aligned columns under a heading. */
export function formatTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) => row.map(printable));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** The text with `?` for each control character: names from a backend must not control the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** A time as its age: `12s`, `5m`, `3h`, `2d`. */
export function formatAge(time: string | undefined, now: Date): string {
  if (time === undefined) return 'never';
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(time)) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A line that shows the progress of a listing; nothing where `err` is not a terminal. */
export function openProgress(io: Io, what: string): { show: (progress: Progress) => void; end: () => void } {
  if (!io.errIsTerminal) return { show: () => undefined, end: () => undefined };
  let shown = false;
  return {
    show({ read, total }) {
      shown = true;
      io.err(
        `\r\u001b[K${what}: ${read.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`} objects`,
      );
    },
    end() {
      if (shown) io.err('\r\u001b[K');
    },
  };
}
