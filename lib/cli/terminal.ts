import { styleText } from 'node:util';
import type { Io } from './command.ts';

/** Styles that the command uses; each says one thing everywhere. */
const styles = {
  /** Came, good. */
  good: 'green',
  /** Left, failed. */
  bad: 'red',
  /** Changed, held, waiting. */
  warn: 'yellow',
  /** What a line is about. */
  name: 'bold',
  /** What explains the rest. */
  note: 'dim',
} as const;

export type Style = keyof typeof styles;

/** Gives a text a style, or leaves it as it is. */
export type Paint = (style: Style | undefined, text: string) => string;

/**
 * Colours for what goes to `out`: on a terminal, unless `NO_COLOR` or a dumb one; where `FORCE_COLOR` is set it decides.
 * Source: no-color.org, and Node's own streams.
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

/** The text in so many characters, with `…` in its middle for what is left out: both ends of a name tell. */
export function cutMiddle(text: string, width: number): string {
  const characters = [...text];
  if (characters.length <= width) return text;
  const kept = Math.max(0, width - 1);
  const head = Math.ceil(kept / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (kept - head)).join('')}`;
}

/** Lines of at most so many characters, broken between words; a word that is longer has a line of its own. */
export function wrapWords(text: string, width: number): readonly string[] {
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

/** Widths of columns that fit a line together: the widest give way, none below `least`. */
export function fitWidths(widths: readonly number[], available: number, least = 8): readonly number[] {
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
