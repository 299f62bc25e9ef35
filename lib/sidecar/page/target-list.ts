import { createHash } from 'node:crypto';
import { addressLabel, type LabelSet } from '../../targets/group.ts';
import { identifyingColumns, identifyingLabels, mechanismOf } from '../../targets/identifying.ts';
import { type Field, fitsField, foundIn, parseQuery, type Query, termText } from '../search/query.ts';
import type { SearchResult, TargetRow, UnknownName } from '../search/search.ts';
import {
  count,
  given,
  givenName,
  givenText,
  type Html,
  hiddenField,
  href,
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
  /** The most rows to show. */
  readonly limit: number;
  /** Where the list is, and what its pages ask beside the offset. */
  readonly path: PagePath;
  /** What to say of each target: which job and provider it is of, which provider alone, or neither. */
  readonly places: 'jobs' | 'providers' | 'none';
}

/** The results of a search: what `page.js` puts in place of the last ones. */
export function targetResults({ result, text, offset, limit, path, places }: TargetListOptions): Html {
  const { rows, total, problems, unknown } = result;
  const query = readable(text);
  const found = `${count(total, 'target')}${text.trim() === '' ? '' : ' found'}`;
  const empty = html`<p class="empty">${text.trim() === '' ? 'No target is mirrored.' : 'No target fits.'}</p>`;
  return html`<p class="found" role="status">${found}</p>
${problems.map((problem) => html`<p class="note bad">${given(problem)}</p>`)}
${unknown.map((one) => unknownNote(one, text, path))}
${rows.length === 0 && problems.length === 0 ? empty : targetList(rows, query, places)}
${paging({ offset, limit, total, path })}`;
}

/** A query that cannot be read finds nothing, so there is nothing to mark. */
function readable(text: string): Query {
  try {
    return parseQuery(text);
  } catch {
    return [];
  }
}

function unknownNote({ name, nearest }: UnknownName, text: string, { path, query }: PagePath): Html {
  const guess =
    nearest === undefined
      ? nothing
      : html` Did you mean <a href="${href(path, { ...query, q: text.replace(name, nearest) })}">${given(nearest)}</a>?`;
  return html`<p class="note warn">No target has a label ${given(name)}.${guess}</p>`;
}

/** The box to search in; with JavaScript the results follow what is typed. */
export function searchForm(action: string, text: string, label: string, hidden: Html = nothing): Html {
  return html`<form class="search" action="${action}" role="search" aria-label="${label}" data-results="results">
${hidden}<input type="search" name="q" value="${text}" aria-label="${label}" aria-describedby="syntax" maxlength="500" placeholder="10.0.0.1  service=web  tags~prod" autocomplete="off" spellcheck="false" autocapitalize="off">
<button>Search</button>
</form>
<p class="syntax" id="syntax"><span><code>word</code> in an address or label</span> <span><code>zone=eu</code> in full</span> <span><code>zone!=eu</code></span> <span><code>name~^web-\\d</code> RE2, in any case</span> <span><code>name!~re</code></span> <span><code>-word</code> not</span> <span><code>a OR b</code></span> <span><code>zone=""</code> no such label</span></p>`;
}

/** A column of the list, which the targets of one mechanism share. */
interface Column {
  readonly name: string;
  readonly labels: readonly string[];
}

const mostColumns = 7;

function targetList(rows: readonly TargetRow[], query: Query, places: TargetListOptions['places']): Html {
  const columns = columnsOf(rows, query);
  const head =
    columns.length === 0
      ? nothing
      : html`<li class="head" aria-hidden="true">${places === 'none' ? nothing : html`<span>${places === 'jobs' ? 'job' : 'provider'}</span>`}<span>address</span><span class="cells c${columns.length}">${columns.map(({ name }) => html`<span>${given(name)}</span>`)}</span></li>`;
  return html`<ul class="targets ${places}">${head}${rows.map((row) => target(row, { query, places, columns }))}</ul>`;
}

/** The columns of the only mechanism on the page, and the labels that were asked for; none where there are several. */
function columnsOf(rows: readonly TargetRow[], query: Query): readonly Column[] {
  const mechanisms = new Set(rows.map(({ labels }) => mechanismOf(labels)));
  const [mechanism] = mechanisms;
  if (mechanisms.size !== 1 || mechanism === undefined) return [];
  const isThere = ({ labels: names }: Column) =>
    rows.some(({ labels }) => names.some((name) => (labels[name] ?? '') !== ''));
  const own = identifyingColumns(mechanism).filter(isThere).slice(0, mostColumns);
  const shown = new Set(own.flatMap(({ labels }) => labels));
  const sought = new Set(rows.flatMap(({ labels }) => soughtFields(labels, query).map(([name]) => name)));
  const more = [...sought]
    .filter((name) => !shown.has(name))
    .map((name) => ({ name: shortName(name), labels: [name] }));
  return [...own, ...more.slice(0, 2)].slice(0, mostColumns);
}

function soughtFields(labels: LabelSet, query: Query): readonly Field[] {
  const terms = query.flat().filter(({ not }) => !not);
  return Object.entries(labels).filter((field) => terms.some((term) => fitsField(term, field)));
}

interface Shown {
  readonly query: Query;
  readonly places: TargetListOptions['places'];
  readonly columns: readonly Column[];
}

function target(row: TargetRow, { query, places, columns }: Shown): Html {
  const { job, address, labels } = row;
  const link = places === 'jobs' ? html`<a href="${jobHref(job)}">${given(job)}</a> ` : nothing;
  const place = html`<p class="where">${link}<span class="muted">${placeOf(row)}</span></p>`;
  const cells =
    columns.length === 0
      ? html`<span class="chips">${chipsOf(row, query).map((field) => chip(shortName(field[0]), field, query))}</span>`
      : html`<span class="cells c${columns.length}">${columns.map((column) => cell(column, labels, query))}</span>`;
  return html`<li>${places === 'none' ? nothing : place}<p class="which"><a class="address" href="${targetHref(row)}">${address === '' ? 'without address' : marked(address, foundIn(query, [addressLabel, address]))}</a></p>
<details><summary>${cells}<span class="heard"> all labels</span></summary>
${labelTable(labels, query)}</details></li>`;
}

function cell({ name, labels: names }: Column, labels: LabelSet, query: Query): Html {
  const label = names.find((one) => (labels[one] ?? '') !== '');
  if (label === undefined) return html`<span class="chip none"></span>`;
  return chip(name, [label, labels[label] ?? ''], query);
}

/** The page of a target: it stays the same while what tells the target from others does. */
export function targetHref({ source, job, provider, address, labels }: TargetRow): string {
  return href('/target', { source, job, provider, address, id: targetMark(labels) });
}

/** Tells targets with one address apart, by what identifies them. */
export function targetMark(labels: LabelSet): string {
  const values = identifyingLabels(labels).map(({ name, value }) => [name, value]);
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 8);
}

/** All labels, in the order of their names; a value leads to the search for it. */
export function labelTable(labels: LabelSet, query: Query = []): Html {
  const fields = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (fields.length === 0) return html`<p class="muted">No labels.</p>`;
  return html`<dl class="labels">${fields.map(
    (field) =>
      html`<div><dt>${givenName(field[0])}</dt><dd>${searchLink(field, marked(field[1], foundIn(query, field)))}</dd></div>`,
  )}</dl>`;
}

/** The text as a link to all targets with this label, where a query can say so. */
export function searchLink([name, value]: Field, text: Html): Html {
  const query = termText(name, value);
  const canBeAsked = !value.includes('"') && !/[\s="~!]/.test(name) && value !== '' && query.length <= 400;
  return canBeAsked ? html`<a class="quiet" href="${href('/targets', { q: query })}">${text}</a>` : text;
}

/** Puts a text into the clipboard; shown where JavaScript runs. */
export function copyButton(text: string, what: string, face = 'Copy'): Html {
  return html`<button type="button" class="copy" data-copy="${text}" aria-label="Copy ${givenText(what)}" hidden>${face}</button>`;
}

const mostChips = 5;
const longestChip = 60;

/** The labels that say most at a glance: those that identify it, those that were searched for, then short ones. */
function chipsOf({ address, labels }: TargetRow, query: Query): readonly Field[] {
  const identifying = identifyingLabels(labels).map(({ label, value }): Field => [label, value]);
  const sought = soughtFields(labels, query).slice(0, 10);
  const telling = Object.entries(labels).filter(
    ([name, value]) =>
      value !== '' &&
      value.length <= 40 &&
      !address.includes(value) &&
      !/present_|_u?id$|annotation/.test(name),
  );
  const names = new Map([...identifying, ...sought, ...telling]);
  return [...names].slice(0, Math.max(mostChips, Math.min(identifying.length + sought.length, 10)));
}

/** The name without what all labels of a mechanism begin with. */
function shortName(name: string): string {
  return name.replace(/^__meta_(?:[a-z0-9]+_)?(?=.)/, '');
}

function chip(short: string, field: Field, query: Query): Html {
  const [name, value] = field;
  const text = value.length > longestChip ? `${value.slice(0, longestChip)}…` : value;
  return html`<span class="chip" title="${givenText(name)}"><span class="name">${given(short)}</span>${marked(text, foundIn(query, field))}</span> `;
}

/** A path with its query, to which an offset is added. */
interface PagePath {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | undefined>>;
  /** Id of the list on the page, to which its pages lead. */
  readonly anchor?: string | undefined;
}

/** Which rows of how many are shown. */
export interface Paging {
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
  readonly total: number;
  readonly path: PagePath;
}

/** `51–100 of 1,234` with links to other pages and a box to jump to one; nothing if all is on one page. */
export function paging({ offset, limit, total, path }: Paging): Html {
  if (total <= limit && offset === 0) return nothing;
  const pages = Math.max(1, Math.ceil(total / limit));
  const current = Math.floor(offset / limit) + 1;
  const end = Math.min(offset + limit, total);
  const anchor = path.anchor === undefined ? '' : `#${path.anchor}`;
  const link = (page: number, text: string, rel: string) => {
    const at = (page - 1) * limit;
    const wanted = page >= 1 && page <= pages && at !== offset;
    return wanted
      ? html`<a rel="${rel}" href="${href(path.path, { ...path.query, offset: at || undefined })}${anchor}">${text}</a>`
      : html`<span class="off">${text}</span>`;
  };
  const range = end > offset ? `${number(offset + 1)}–${number(end)} of ` : 'beyond the end of ';
  const fields = Object.entries(path.query).filter(([, value]) => value !== undefined && value !== '');
  return html`<nav class="paging" aria-label="Pages">${link(1, 'First', 'first')} ${link(Math.min(current - 1, pages), 'Previous', 'prev')} <span>${range}${number(total)}</span> ${link(current + 1, 'Next', 'next')} ${link(pages, 'Last', 'last')}
<form action="${path.path}${anchor}">${fields.map(([name, value]) => hiddenField(name, value ?? ''))}<label>Page <input name="page" inputmode="numeric" pattern="[0-9]{1,7}" value="${current}" size="${Math.max(3, String(pages).length)}"></label> of ${number(pages)} <button class="plain">Go</button></form></nav>`;
}
