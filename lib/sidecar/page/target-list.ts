import type { LabelSet } from '../../targets/group.ts';
import { type Field, fitsField, parseQuery, type Query, type Term } from '../search/query.ts';
import type { SearchResult, TargetRow } from '../search/search.ts';
import {
  count,
  given,
  givenName,
  givenText,
  type Html,
  html,
  jobHref,
  marked,
  nothing,
  number,
  placeOf,
} from './html.ts';

/** A page of search results, and how to show it. */
export interface TargetListOptions {
  readonly result: SearchResult;
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
  /** The page that begins there. */
  readonly at: (offset: number) => string;
  /** What to say of each target: which job and provider it is of, which provider alone, or neither. */
  readonly places: 'jobs' | 'providers' | 'none';
}

/** The results of a search: what `page.js` puts in place of the last ones. */
export function targetResults({ result, text, offset, limit, at, places }: TargetListOptions): Html {
  const { rows, total, more, problems } = result;
  const query = parseQuery(text);
  const found = `${more ? 'More than ' : ''}${count(total, 'target')}${text.trim() === '' ? '' : ' found'}`;
  const empty = html`<p class="empty">${text.trim() === '' ? 'No target is mirrored.' : 'No target fits. A word may be part of an address or label; name=value is one label in full, name~part a part of it.'}</p>`;
  return html`<p class="found" role="status">${found}</p>
${problems.map((problem) => html`<p class="note bad">${given(problem)}</p>`)}
${rows.length === 0 && problems.length === 0 ? empty : html`<ul class="targets ${places}">${rows.map((row) => target(row, query, places))}</ul>`}
${paging({ offset, limit, total, more, at })}`;
}

/** The box to search in; with JavaScript the results follow what is typed. */
export function searchForm(action: string, text: string, label: string, hidden: Html = nothing): Html {
  return html`<form class="search" action="${action}" role="search" aria-label="${label}" data-results="results">
${hidden}<input type="search" name="q" value="${text}" aria-label="${label}" placeholder="10.0.0.1  service=web  tags~prod" autocomplete="off" spellcheck="false" autocapitalize="off">
<button>Search</button>
</form>`;
}

function target(row: TargetRow, query: Query, places: TargetListOptions['places']): Html {
  const { job, address, labels } = row;
  const link = places === 'jobs' ? html`<a href="${jobHref(job)}">${given(job)}</a> ` : nothing;
  const place = html`<p class="where">${link}<span class="muted">${placeOf(row)}</span></p>`;
  return html`<li>${places === 'none' ? nothing : place}<details><summary><span class="address">${marked(address, wordsFor(query, ['__address__', address]))}</span>
<span class="chips">${chipsOf(row, query).map((field) => chip(field, query))}</span></summary>
${labelTable(labels, query)}</details></li>`;
}

/** All labels, in the order of their names. */
export function labelTable(labels: LabelSet, query: Query = []): Html {
  const fields = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (fields.length === 0) return html`<p class="muted">No labels.</p>`;
  return html`<dl class="labels">${fields.map(
    (field) =>
      html`<div><dt>${givenName(field[0])}</dt><dd>${marked(field[1], wordsFor(query, field))}</dd></div>`,
  )}</dl>`;
}

const mostChips = 5;
const longestChip = 60;

/** The labels that say most at a glance: those that were searched for, then short ones which the address does not say. */
function chipsOf({ address, labels }: TargetRow, query: Query): readonly Field[] {
  const fields = Object.entries(labels);
  const sought = fields.filter((field) => query.some((term) => fitsField(term, field)));
  const telling = fields.filter(
    ([name, value]) =>
      value !== '' &&
      value.length <= 40 &&
      !address.includes(value) &&
      !/present_|_u?id$|annotation/.test(name),
  );
  return [...new Set([...sought, ...telling])].slice(0, Math.max(mostChips, Math.min(sought.length, 10)));
}

/** The name without what all labels of a mechanism begin with. */
function chip([name, value]: Field, query: Query): Html {
  const short = name.replace(/^__meta_(?:[a-z]+_)?(?=.)/, '');
  const text = value.length > longestChip ? `${value.slice(0, longestChip)}…` : value;
  return html`<span class="chip" title="${givenText(name)}"><span class="name">${given(short)}</span>${marked(text, wordsFor(query, [name, value]))}</span>`;
}

/** The words in a field that made it fit. */
function wordsFor(query: Query, field: Field): readonly string[] {
  return query.filter((term: Term) => fitsField(term, field)).map(({ text }) => text);
}

/** Which rows of how many are shown. */
export interface Paging {
  readonly offset: number;
  readonly limit: number;
  readonly total: number;
  /** Whether there may be more than `total`. */
  readonly more?: boolean | undefined;
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
