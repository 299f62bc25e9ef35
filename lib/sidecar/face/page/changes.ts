import type { ChangePage } from '../feed.ts';
import type { ChangeDetail } from '../journal.ts';
import { changeList, countsOf, diff } from './change-list.ts';
import { ago, clock, href, jobHref, type VersionId, versionHref } from './format.ts';
import { given, type Html, html, nothing } from './html.ts';
import { paging } from './paging.ts';
import { placeOf } from './state.ts';

export interface ChangesPage extends ChangePage {
  readonly errors: readonly string[];
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly limit: number;
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

export interface VersionPage extends VersionId {
  readonly detail: ChangeDetail;
  /** The newest version, as far as the status tells. */
  readonly newest: number | undefined;
  readonly offset: number;
  readonly limit: number;
  readonly now: number;
}

/** One version in full, as a diff. */
export function versionBody({ detail, newest, offset, limit, now, ...which }: VersionPage): Html {
  const { head, counts, rows, problem } = detail;
  const { job, version } = which;
  const at = (next: number) => versionHref(which, next);
  return html`<div class="headed"><h1><a href="${jobHref(job)}">${given(job)}</a> <span class="muted">${placeOf(which)}</span> version ${version}</h1>
<nav aria-label="Versions">${version > 1 ? html`<a rel="prev" href="${versionHref({ ...which, version: version - 1 })}">Version ${version - 1}</a> ` : ''}${version < (newest ?? 0) ? html`<a rel="next" href="${versionHref({ ...which, version: version + 1 })}">Version ${version + 1}</a>` : ''}</nav></div>
${
  head === undefined
    ? nothing
    : html`<p>${countsOf(counts)} <span class="muted">${head.reason} ${ago(head.at, now)}, ${clock(head.at)}, by run ${given(head.run)}</span></p>`
}
${problem === undefined ? nothing : html`<p class="note bad">${given(problem)}</p>`}
${rows.length === 0 ? nothing : html`<div class="sheet">${diff(rows, true)}</div>`}
${paging({ offset, limit, total: counts.added + counts.removed + counts.changed, at })}`;
}
