import { heldCommand } from '../../cycle/hints.ts';
import type { SearchResult } from '../search/search.ts';
import type { ChangePage, History } from '../serve/change-feed.ts';
import type { HeldPage, HeldView } from '../serve/held.ts';
import type { ProviderView } from '../serve/providers.ts';
import { changeList, diff } from './changes.ts';
import {
  ago,
  clock,
  commandLine,
  count,
  given,
  type Html,
  hiddenField,
  href,
  html,
  jobHref,
  nothing,
  number,
  placeOf,
  stateBadge,
  versionHref,
} from './html.ts';
import { settingsSection } from './rules.ts';
import { searchForm, targetResults } from './target-list.ts';
import { type Range, timeline } from './timeline.ts';

/** Everything that the page of a job shows. */
export interface JobPage {
  readonly job: string;
  readonly providers: readonly ProviderView[];
  readonly held: HeldPage;
  readonly history: History;
  readonly range: Range;
  readonly changes: ChangePage;
  readonly result: SearchResult;
  readonly text: string;
  readonly offset: number;
  /** The most rows to show. */
  readonly limit: number;
  /** Milliseconds of Unix time. */
  readonly now: number;
}

/** One job: its providers, its count over time, what changed last, and its targets. */
export function jobBody({
  job,
  providers,
  held,
  history,
  range,
  changes,
  result,
  text,
  offset,
  limit,
  now,
}: JobPage): Html {
  const isDots = jobHref(job).startsWith('/jobs?');
  const action = isDots ? '/jobs' : jobHref(job);
  const hidden = isDots ? hiddenField('job', job) : nothing;
  const path = { path: action, query: { job: isDots ? job : undefined, q: text }, anchor: 'targets' };
  return html`<div class="headed"><h1>${given(job)}</h1><nav aria-label="This job elsewhere"><a href="${href('/sd', { job })}">http_sd</a> <a href="${href('/api/v1/targets', { job })}">JSON</a></nav></div>
<div class="${providers.length === 1 ? 'beside' : 'above'}"><section aria-label="Providers" class="cards">${providers.map((one) => card(one, now))}</section>
${timeline({ history, range, now, at: (one) => jobHref(job, { q: text, range: one }) })}</div>
${heldSections(held, now)}
${
  changes.items.length === 0
    ? nothing
    : html`<section aria-labelledby="recent"><div class="headed"><h2 id="recent">Recent changes</h2><a href="${href('/changes', { job })}">All changes</a></div>
${changeList(changes.items, now, 3)}</section>`
}
${settingsSection(job, providers)}
<section aria-labelledby="targets"><h2 id="targets">Targets</h2>
${searchForm(action, text, 'Search the targets of this job', hidden)}
<div id="results">${targetResults({ result, text, offset, limit, path, places: providers.length > 1 ? 'providers' : 'none' })}</div></section>`;
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
${fact('List', html`<a href="${href('/sd', { job: one.job, provider: one.provider })}">file_sd JSON</a>`)}
${fact('Last cycle', html`${ago(status.last_attempt, now)}, took ${status.duration_seconds.toFixed(1)} s`)}`
}
</dl></article>`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** What is held, each as the change that it would be; nothing if nothing is. */
function heldSections({ items, more }: HeldPage, now: number): Html {
  if (items.length === 0) return nothing;
  return html`<section aria-labelledby="held"><h2 id="held">Held</h2>
${items.map((one) => heldSection(one, now))}
${more === 0 ? nothing : html`<p class="muted">and of ${count(more, 'more provider')}; <code>muster held</code> prints it all</p>`}</section>`;
}

function heldSection(one: HeldView, now: number): Html {
  const { message, since, until, targets, listed, command, rows, document, problem } = one;
  const accepted = document?.memory.accepted?.until;
  const rest = targets - rows.length;
  return html`<article class="sheet held"><h3>${placeOf(one)}</h3>
<p class="why">${given(message)}</p>
<p class="muted">Held since ${ago(since, now)}, ${clock(since)}. The last listing has ${count(listed, 'target')}. ${leaves(until)}</p>
${accepted === undefined ? nothing : html`<p>Accepted until ${clock(accepted)}: the next cycle lets it go.</p>`}
${commandLine(command)}
${problem === undefined ? nothing : html`<p class="note bad">What is held cannot be shown: ${given(problem)}</p>`}
${rows.length === 0 ? nothing : html`<p>${count(targets, 'target')} would be removed:</p>${diff(rows, true)}`}
${rows.length > 0 && rest > 0 ? html`<p class="rest muted">and ${number(rest)} more; <code>${given(heldCommand(one))}</code> prints up to a thousand</p>` : nothing}</article>`;
}

function leaves(until: string | undefined): Html {
  return until === undefined
    ? html`It does not go by itself, but once the listing has it again, or it is accepted.`
    : html`It goes by itself at ${clock(until)}, if the listings stay as they are.`;
}
