import { quoted } from '../../cycle/hints.ts';
import type { JournalHead } from '../../cycle/journal.ts';
import { type ChangeCounts, groupChanges, type LabelChange, type TargetChange } from '../../targets/diff.ts';
import type { SearchResult } from '../search/search.ts';
import type { ChangeItem, ChangePage } from '../serve/change-feed.ts';
import type { ChangeDetail } from '../serve/journal.ts';
import {
  ago,
  clock,
  commandLine,
  count,
  given,
  givenName,
  type Html,
  hiddenField,
  href,
  html,
  jobHref,
  listHref,
  nothing,
  number,
  placeOf,
  type VersionId,
  versionHref,
} from './html.ts';
import { labelTable, paging, searchForm, targetResults } from './target-list.ts';

/** Everything that the feed of changes shows. */
export interface ChangesPage extends ChangePage {
  readonly errors: readonly string[];
  readonly job: string | undefined;
  readonly provider: string | undefined;
  /** The most rows to show. */
  readonly limit: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** The feed of changes, of all jobs, one job, or one provider, whose feed goes back to its first version. */
export function changesBody({ items, problems, errors, job, provider, limit, now }: ChangesPage): Html {
  const about =
    job === undefined
      ? nothing
      : html` <span class="of">of <a href="${jobHref(job)}">${given(job)}</a>${provider === undefined ? '' : html` ${given(provider)}`}</span>`;
  return html`<div class="headed"><h1>Changes${about}</h1>${job === undefined ? nothing : html`<a href="/changes">Of all jobs</a>`}</div>
${[...errors, ...problems].map((problem) => html`<p class="note bad">${given(problem)}</p>`)}
${items.length === 0 ? html`<p class="empty">No change yet.</p>` : changeList(items, now, 2)}
${items.length < limit ? nothing : older({ items, problems }, job, provider)}`;
}

function older({ items }: ChangePage, job: string | undefined, provider: string | undefined): Html {
  const last = items.at(-1);
  if (job !== undefined && provider !== undefined && last !== undefined) {
    return html`<nav class="paging" aria-label="Pages"><a rel="next" href="${href('/changes', { job, provider, before: last.version })}">Older</a></nav>`;
  }
  const shown = new Map(items.map((item) => [JSON.stringify([item.job, item.provider]), item]));
  return html`<p class="muted">Older changes: ${[...shown.values()].map(
    (item) =>
      html`<a href="${href('/changes', { job: item.job, provider: item.provider })}">${given(item.job)} ${item.provider}</a> `,
  )}</p>`;
}

/** Everything that the page of one version shows. */
export interface VersionPage extends VersionId {
  readonly detail: ChangeDetail;
  /** The newest version, as far as the status says. */
  readonly newest: number | undefined;
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** One version in full, as a diff. */
export function versionBody({ detail, newest, offset, limit, now, ...which }: VersionPage): Html {
  const { head, counts, rows, problem } = detail;
  const { job, version } = which;
  return html`<div class="headed"><h1><a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${placeOf(which)}</span> version ${version}</h1>
<nav aria-label="Versions">${version > 1 ? html`<a rel="prev" href="${versionHref({ ...which, version: version - 1 })}">Version ${version - 1}</a> ` : ''}${version < (newest ?? 0) ? html`<a rel="next" href="${versionHref({ ...which, version: version + 1 })}">Version ${version + 1}</a>` : ''}</nav></div>
${
  head === undefined
    ? nothing
    : html`<p>${countsOf(counts)} <span class="muted">${head.reason} ${ago(head.at, now)}, ${clock(head.at)}, by run ${given(head.run)}</span></p>`
}
${problem === undefined ? nothing : html`<p class="note bad">${given(problem)}</p>`}
<p><a href="${listHref(which)}">The full list as of this version</a>${head?.targets === undefined ? '' : `: ${count(head.targets, 'target')}`}</p>
<details><summary>How to go back to it</summary>${commandLine(versionCommand('rollback', which, '--to'))}</details>
${rows.length === 0 ? nothing : html`<div class="sheet">${diff(rows, true)}</div>`}
${paging({ offset, limit, total: counts.added + counts.removed + counts.changed, path: { path: '/version', query: { ...which } } })}`;
}

/** Everything that the page of the list as of a version shows. */
export interface ListPage extends VersionId {
  readonly head: JournalHead | undefined;
  readonly newest: number | undefined;
  readonly result: SearchResult;
  readonly text: string;
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** The whole list of a provider as it was after a version, to be searched. */
export function listBody({ head, newest, result, text, offset, limit, now, ...which }: ListPage): Html {
  const { source, job, provider, version } = which;
  const path = { path: '/list', query: { source, job, provider, version, q: text }, anchor: 'results' };
  const hidden = Object.entries({ source, job, provider, version })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => hiddenField(name, value));
  const step = (to: number, rel: 'prev' | 'next') =>
    html`<a rel="${rel}" href="${listHref({ ...which, version: to })}">Version ${to}</a> `;
  return html`<div class="headed"><h1><a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${placeOf(which)}</span> as of version ${version}</h1>
<nav aria-label="Versions">${version > 1 ? step(version - 1, 'prev') : ''}${version < (newest ?? 0) ? step(version + 1, 'next') : ''}</nav></div>
<p>${head === undefined ? nothing : html`<span class="muted">${head.reason} ${ago(head.at, now)}, ${clock(head.at)}.</span> `}<a href="${versionHref(which)}">What changed in this version</a></p>
<details><summary>The same in a terminal</summary>${commandLine(versionCommand('show', which, '--version'))}</details>
${searchForm('/list', text, 'Search the list as of this version', html`${hidden}`)}
<div id="results">${targetResults({ result, text, offset, limit, path, places: 'none' })}</div>`;
}

function versionCommand(
  command: 'show' | 'rollback',
  { job, provider, version }: VersionId,
  option: string,
): string {
  // What begins with a dash is an option wherever it stands, but after two of them.
  const [before, after] = job.startsWith('-') ? ['', ` -- ${quoted(job)}`] : [` ${quoted(job)}`, ''];
  return `muster ${command}${before} --provider ${provider} ${option} ${version}${after}`;
}

/** Changes as a feed, the newest first, under headings of this level. `now` is in milliseconds of Unix time. */
export function changeList(items: readonly ChangeItem[], now: number, level: 2 | 3): Html {
  return html`<ol class="feed">${items.map((item) => changeEntry(item, now, level))}</ol>`;
}

/** Rows of a diff. With `labels`, those that came or went can be opened. */
export function diff(rows: readonly TargetChange[], labels = false): Html {
  return html`<ul class="diff">${[...groupChanges(rows)].map((group) => changeRow(group, labels))}</ul>`;
}

/** `+2 −1 ~3`, in words for who hears it. */
function countsOf({ added, removed, changed }: ChangeCounts): Html {
  const one = (value: number, sign: string, word: string) =>
    value === 0
      ? nothing
      : html`<span class="${word}"><span aria-hidden="true">${sign}${number(value)}</span><span class="heard">${number(value)} ${word}</span></span> `;
  const all = html`${one(added, '+', 'added')}${one(removed, '−', 'removed')}${one(changed, '~', 'changed')}`;
  return html`<span class="counts">${added + removed + changed === 0 ? html`<span class="muted">no target</span>` : all}</span>`;
}

function changeEntry(item: ChangeItem, now: number, level: 2 | 3): Html {
  const { source, job, provider, version, at, head, counts, sample, problem } = item;
  const rest = counts.added + counts.removed + counts.changed - sample.length;
  const reason = head === undefined || head.reason === 'discovered' ? '' : head.reason;
  const name = html`<a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${source === '' ? '' : html`${given(source)} `}${provider}</span>`;
  return html`<li>
<div class="entry">${level === 2 ? html`<h2>${name}</h2>` : html`<h3>${name}</h3>`}
<a href="${versionHref(item)}">version ${version}</a> ${countsOf(counts)}
${reason === '' ? nothing : html`<span class="reason">${reason}</span>`}
<span class="when" title="${clock(at)}">${ago(at, now)}</span></div>
${problem === undefined ? nothing : html`<p class="note bad">${given(problem)}</p>`}
${diff(sample)}
${rest > 0 ? html`<p class="rest"><a href="${versionHref(item)}">and ${count(rest, 'more target')}</a></p>` : nothing}
</li>`;
}

const signs = { added: '+', removed: '−', changed: '~' } as const;

function changeRow(group: readonly [TargetChange, ...TargetChange[]], open: boolean): Html {
  const [{ kind, source, differences, labels }] = group;
  const addresses = group.map(
    ({ address, count: copy }, index) =>
      html`${index === 0 ? '' : ', '}<span class="address">${given(address ?? 'without address')}${copy === 1 ? '' : ` #${copy}`}</span>`,
  );
  const name = html`<span class="sign" aria-hidden="true">${signs[kind]}</span><span class="heard">${kind} </span>${addresses} <span class="muted">${given(source)}</span>`;
  if (differences.length > 0) {
    const values = differences.map((one) => html`<li>${diffRow(one)}</li>`);
    return html`<li class="${kind}">${name}<ul class="${values.length === 1 ? 'single' : 'several'}">${values}</ul></li>`;
  }
  if (!open) return html`<li class="${kind}">${name}</li>`;
  return html`<li class="${kind}"><details><summary>${name}</summary>${labelTable(labels)}</details></li>`;
}

/** A label with what it was and what it is. */
export function diffRow({ name, before, after }: LabelChange): Html {
  return html`<span class="name">${givenName(name)}</span> ${value('del', before)} <span aria-hidden="true">→</span> ${value('ins', after)}`;
}

function value(element: 'del' | 'ins', text: string | undefined): Html {
  if (text === undefined) return html`<span class="muted">none</span>`;
  return element === 'del' ? html`<del>${given(text)}</del>` : html`<ins>${given(text)}</ins>`;
}
