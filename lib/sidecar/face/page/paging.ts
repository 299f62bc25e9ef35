import { number } from './format.ts';
import { type Html, html, nothing } from './html.ts';

export interface Paging {
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  /** Whether there may be more than `total`. */
  readonly more?: boolean;
  /** The URL of the page that begins there. */
  readonly at: (offset: number) => string;
}

/** `51–100 of 1,234` with links to the pages around it; nothing where all is on one page. */
export function paging({ offset, limit, total, more = false, at }: Paging): Html {
  if (total <= limit && offset === 0) return nothing;
  const last = Math.min(offset + limit, total);
  const previous =
    offset > 0 ? html`<a rel="prev" href="${at(Math.max(0, offset - limit))}">Previous</a>` : '';
  const next = last < total ? html`<a rel="next" href="${at(offset + limit)}">Next</a>` : '';
  const range = last > offset ? `${number(offset + 1)}–${number(last)} of ` : 'beyond the end of ';
  return html`<nav class="paging" aria-label="Pages">${previous}<span>${range}${more ? 'more than ' : ''}${number(total)}</span>${next}</nav>`;
}
