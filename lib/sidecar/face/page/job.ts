import type { SearchResult } from '../../search/search.ts';
import type { ChangePage } from '../feed.ts';
import type { HeldPage } from '../held.ts';
import type { Point } from '../history.ts';
import type { ProviderView } from '../providers.ts';
import { changeList } from './change-list.ts';
import { chart } from './chart.ts';
import { ago, href, jobHref, number, versionHref } from './format.ts';
import { heldSections } from './held.ts';
import { given, type Html, html, nothing } from './html.ts';
import { commandLine, placeOf, stateBadge } from './state.ts';
import { searchForm, targetResults } from './target-list.ts';

export interface JobPage {
  readonly job: string;
  readonly providers: readonly ProviderView[];
  readonly held: HeldPage;
  readonly points: readonly Point[];
  readonly changes: ChangePage;
  readonly result: SearchResult;
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
  readonly now: number;
}

/** One job: its providers, its count over time, what changed last, and its targets. */
export function jobBody({
  job,
  providers,
  held,
  points,
  changes,
  result,
  text,
  offset,
  limit,
  now,
}: JobPage): Html {
  const at = (next: number) => jobHref(job, { q: text, offset: next || undefined });
  const isDots = jobHref(job).startsWith('/jobs?');
  const action = isDots ? '/jobs' : jobHref(job);
  const hidden = isDots ? html`<input type="hidden" name="job" value="${job}">` : nothing;
  return html`<h1>${given(job)}</h1>
<div class="${providers.length === 1 ? 'beside' : 'above'}"><section aria-label="Providers" class="cards">${providers.map((one) => card(one, now))}</section>
${chart(points, now)}</div>
${heldSections(held, now)}
${
  changes.items.length === 0
    ? nothing
    : html`<section aria-labelledby="recent"><div class="headed"><h2 id="recent">Recent changes</h2><a href="${href('/changes', { job })}">All changes</a></div>
${changeList(changes.items, now, 3)}</section>`
}
<section aria-labelledby="targets"><h2 id="targets">Targets</h2>
${searchForm(action, text, 'Search the targets of this job', hidden)}
<div id="results">${targetResults({ result, text, offset, limit, at, places: providers.length > 1 ? 'providers' : 'none' })}</div></section>`;
}

function card(one: ProviderView, now: number): Html {
  const { status, targets } = one;
  return html`<article class="card"><h2>${placeOf(one)} ${stateBadge(one.state)}</h2>
${one.reason === '' ? nothing : html`<p class="why">${given(one.reason)}</p>`}
${commandLine(one.command)}
<dl>
${fact('Targets', targets === undefined ? 'not mirrored' : number(targets))}
${
  status === undefined
    ? nothing
    : html`${fact('Version', status.version === 0 ? 'none yet' : html`<a href="${versionHref({ ...one, version: status.version })}">${number(status.version)}</a>`)}
${fact('Last change', ago(status.last_change, now))}
${fact('Last success', ago(status.last_success, now))}
${fact('Last cycle', html`${ago(status.last_attempt, now)}, took ${status.duration_seconds.toFixed(1)} s`)}`
}
</dl></article>`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}
