import { html, raw } from 'hono/html';

export { html, raw };

/** A piece of a page: what it was made of is escaped. */
export type Html = ReturnType<typeof html>;

export const nothing: Html = raw('');

/**
 * Text that somebody else has chosen, as data: in its own direction, and with characters that cannot be seen, or that
 * turn the direction of what follows, spelled out.
 */
export function given(text: string): Html {
  return html`<bdi>${piecesOf(text)}</bdi>`;
}

/** As `given`, for the name of a label, which may be broken where its words end. */
export function givenName(name: string): Html {
  const words = name.split(/(?<=[^_]_+)(?=[^_])/);
  return html`<bdi>${words.map((word, index) => html`${index === 0 ? '' : html`<wbr>`}${piecesOf(word)}`)}</bdi>`;
}

/** The same for an attribute or a title, which hold text alone. */
export function givenText(text: string): string {
  return text.toWellFormed().replace(unseen, spell);
}

/** As `given`, with all that equals one of the words, whatever the case, marked. */
export function marked(text: string, words: readonly string[]): Html {
  const sought = words
    .filter((word) => word !== '')
    .map((word) => word.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  if (sought.length === 0) return given(text);
  const parts = text.split(new RegExp(`(${sought.join('|')})`, 'gi'));
  // With one group in the expression, every second part is what it found.
  return html`<bdi>${parts.map((part, index) => (index % 2 === 1 ? html`<mark>${piecesOf(part)}</mark>` : piecesOf(part)))}</bdi>`;
}

/** Control and format characters, and line and paragraph separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function piecesOf(text: string): readonly Html[] {
  const parts = text.toWellFormed().split(/([\p{Cc}\p{Cf}\p{Zl}\p{Zp}])/u);
  return parts.map((part, index) =>
    index % 2 === 1 ? html`<span class="unseen">${spell(part)}</span>` : html`${part}`,
  );
}

function spell(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
