import type { Change } from '../target/diff.ts';
import { changeLines } from './change-text.ts';
import type { Io } from './command.ts';
import { printable } from './table.ts';

export interface PrintOptions {
  /** Put before each line. */
  readonly indent?: string;
  /** Lines to print, of which the rest is only counted. Default: all. */
  readonly limit?: number;
}

/** Prints a change as a diff, in colours where a person watches who did not refuse them (see no-color.org). */
export async function printChange(
  io: Io,
  change: Change,
  { indent = '', limit = Number.POSITIVE_INFINITY }: PrintOptions = {},
): Promise<void> {
  const coloured = io.outIsTerminal && !io.env.NO_COLOR;
  let count = 0;
  for (const line of changeLines(change)) {
    count++;
    const text = printable(line);
    if (count <= limit) await io.out(`${indent}${coloured ? inColour(text) : text}\n`);
  }
  if (count > limit) await io.out(`${indent}… and ${count - limit} more\n`);
}

/** By the first character of a line. Source: ECMA-48, select graphic rendition. */
const colours: Readonly<Record<string, number>> = { '+': 32, '-': 31, '~': 33 };

function inColour(line: string): string {
  return `\u001b[${colours[line.charAt(0)] ?? 0}m${line}\u001b[0m`;
}
