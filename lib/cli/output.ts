import { styleText } from 'node:util';
import type { LeftAlone } from '../config/muster-config.ts';
import { formatLeftAlone } from '../config/prometheus-keys.ts';
import type { Progress } from '../targets/discover.ts';
import { exitCodes, type Io } from './command.ts';

/** The exit code of a command that checks. Reports how many of its checks found something wrong, if any did. */
export function exitCodeOf(io: Io, wrong: number, checks: number) {
  if (wrong === 0) return exitCodes.good;
  io.err(`${wrong} of ${checks} checks found something wrong\n`);
  return exitCodes.failed;
}

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
  else await printTable(io, layout.heading, items.map(layout.row));
}

/** A count and its noun: `1 job`, `2 jobs`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** The line of `formatLeftAlone` for a terminal; empty if nothing is left to Prometheus. */
export function leftAloneText(leftAlone: readonly LeftAlone[]): string {
  const line = formatLeftAlone(leftAlone);
  return line === '' ? '' : `${printable(line)}\n`;
}

/** How a table is printed. */
export interface TableOptions {
  /** On a terminal the last column is broken between words (`prose`), or ends where the line does (`tail`). */
  readonly last?: 'prose' | 'tail' | undefined;
  /** The style of a cell of a row. */
  readonly styleOf?: ((row: number, column: number) => Style | undefined) | undefined;
}

/**
 * Prints rows as aligned columns under a heading. On a terminal they fit its width: a long cell is cut in its middle.
 * Elsewhere nothing is cut.
 */
export async function printTable(
  io: Pick<Io, 'out' | 'outColumns' | 'outIsTerminal' | 'env'>,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { last, styleOf = () => undefined }: TableOptions = {},
): Promise<void> {
  const paint = openPaint(io);
  const all = [heading, ...rows].map((row) => row.map(printable));
  const natural = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const widths = widthsFor(natural, io.outColumns, last);
  const end = heading.length - 1;
  const lines = all.flatMap((row, index) => {
    const style = (column: number) => (index === 0 ? 'name' : styleOf(index - 1, column));
    const cells = row.map((cell, column) =>
      fitCell(cell, widths[column] ?? 0, column === end ? last : undefined),
    );
    return Array.from({ length: Math.max(...cells.map(({ length }) => length)) }, (_, line) =>
      cells
        .map((parts, column) => {
          const text = parts[line] ?? '';
          const isLast = cells.slice(column + 1).every((others) => (others[line] ?? '') === '');
          const gap = isLast ? '' : ' '.repeat((widths[column] ?? 0) - text.length);
          return { text: `${paint(style(column), text)}${gap}`, isLast };
        })
        .reduce((sum, { text, isLast }, column) => {
          const isOver = isLast && text === '';
          return isOver ? sum : `${sum}${column === 0 ? '' : '  '}${text}`;
        }, ''),
    );
  });
  await io.out(`${lines.join('\n')}\n`);
}

function fitCell(cell: string, width: number, way: TableOptions['last']): readonly string[] {
  if (way === 'prose') return wrapWords(cell, width);
  if (width === 0) return [''];
  if (way === 'tail' && cell.length > width) return [`${cell.slice(0, width - 1)}…`];
  return [cutMiddle(cell, width)];
}

/** The least width in characters: narrower prose is not readable, and a narrower tail is left out. */
const leastProse = 24;
const leastTail = 12;

function widthsFor(
  natural: readonly number[],
  columns: number | undefined,
  last: TableOptions['last'],
): readonly number[] {
  const gaps = 2 * (natural.length - 1);
  if (columns === undefined) return natural;
  if (last === undefined) return fitWidths(natural, columns - gaps);
  const others = natural.slice(0, -1);
  const longest = natural.at(-1) ?? 0;
  const least = last === 'prose' ? Math.min(longest, leastProse) : 0;
  const fitted = fitWidths(others, columns - gaps - least);
  const rest = columns - gaps - fitted.reduce((sum, width) => sum + width, 0);
  if (last === 'tail' && rest < Math.min(longest, leastTail)) return [...fitted, 0];
  return [...fitted, Math.min(longest, Math.max(least, rest))];
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

/** A line that shows the progress of a listing; nothing if `err` is not a terminal. */
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

/** The styles of the command. Each has one meaning everywhere. */
const styles = {
  /** Came, good. */
  good: 'green',
  /** Left, failed. */
  bad: 'red',
  /** Changed, held, waiting. */
  warn: 'yellow',
  /** The subject of a line. */
  name: 'bold',
  /** Explanations. */
  note: 'dim',
} as const;

/** A style of the terminal, named for what it marks. */
export type Style = keyof typeof styles;

/** Gives a text a style, or leaves it as it is. */
export type Paint = (style: Style | undefined, text: string) => string;

/**
 * Colours for `out`: on a terminal, unless `NO_COLOR` is set or the terminal is dumb. If `FORCE_COLOR` is set, it
 * decides. Source: no-color.org, and Node's own streams.
 */
export function openPaint({ outIsTerminal, env }: Pick<Io, 'outIsTerminal' | 'env'>): Paint {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: term } = env;
  const isOn =
    forced === undefined
      ? outIsTerminal && !refused && term !== 'dumb'
      : forced !== '0' && forced !== 'false';
  return (style, text) =>
    isOn && style !== undefined && text !== ''
      ? styleText(styles[style], text, { validateStream: false })
      : text;
}

/** The text in at most `width` characters. `…` replaces its middle, since both ends of a name matter. */
export function cutMiddle(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const head = Math.ceil(kept / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
}

/** Lines of at most `width` characters, broken between words. A longer word gets a line of its own. */
function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Widths in characters of columns that fit into a line together. The widest shrink first, none below `least`. */
function fitWidths(widths: readonly number[], available: number, least = 8): readonly number[] {
  const fitted = [...widths];
  let over = fitted.reduce((sum, width) => sum + width, 0) - available;
  while (over > 0) {
    const widest = Math.max(...fitted);
    if (widest <= least) return fitted;
    const next = Math.max(least, ...fitted.filter((width) => width < widest));
    const all = fitted.flatMap((width, index) => (width === widest ? [index] : []));
    const step = Math.max(1, Math.min(widest - next, Math.ceil(over / all.length)));
    for (const index of all) {
      const taken = Math.min(step, over);
      fitted[index] = widest - taken;
      over -= taken;
    }
  }
  return fitted;
}
