import { heldCommand } from '../../cycle/hints.ts';
import type { SearchResult } from '../search/search.ts';
import type { ChangePage, Point } from '../serve/change-feed.ts';
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
  href,
  html,
  jobHref,
  nothing,
  number,
  placeOf,
  raw,
  stateBadge,
  versionHref,
} from './html.ts';
import { searchForm, targetResults } from './target-list.ts';

/** Everything that the page of a job shows. */
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

/** Target counts over time as a line of steps, with the numbers below for who cannot see it or wants them. */
function chart(points: readonly Point[], now: number): Html {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return nothing;
  const counts = points.map(({ targets }) => targets);
  const top = ceiling(Math.max(...counts));
  const end = Math.max(now, last.at);
  const span = Math.max(1, end - first.at);
  const x = (at: number) => round(((at - first.at) / span) * width);
  const y = (targets: number) => round(height - (targets / top) * height);
  const steps = points.slice(1).map(({ at, targets }) => `H${x(at)}V${y(targets)}`);
  const line = `M0 ${y(first.targets)}${steps.join('')}H${width}`;
  const start = new Date(first.at).toISOString();
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const range = least === most ? 'always as many' : `from ${number(least)} to ${number(most)}`;
  return html`<figure class="chart">
<figcaption><h2>Targets over time</h2><p class="muted">${count(last.targets, 'target')} now, ${range} since ${ago(start, now)}</p></figcaption>
<div class="plot">
<div class="y" aria-hidden="true"><span>${number(top)}</span><span>${number(top / 2)}</span><span>0</span></div>
${raw(`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="Target count over time, ${range}">
<path class="grid" d="M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}"/>
<path class="area" d="${line}V${height}H0Z"/>
<path class="line" d="${line}"/>
</svg>`)}
<div class="x" aria-hidden="true"><span>${clock(start)}</span><span>now</span></div>
</div>
<details><summary>Numbers</summary>
<table><thead><tr><th scope="col">From</th><th scope="col" class="num">Targets</th></tr></thead><tbody>
${points
  .slice(-mostRows)
  .reverse()
  .map((point) => {
    const at = new Date(point.at).toISOString();
    return html`<tr><td><time datetime="${at}">${clock(at)}</time></td><td class="num">${number(point.targets)}</td></tr>`;
  })}
</tbody></table></details>
</figure>`;
}

/** Units of the drawing, which is stretched to the width of the page. */
const width = 1000;
const height = 120;
const mostRows = 50;

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The next even number from 2 up whose first digits make a good scale: 2, 4, 6, 8, 10, 20, 40, … */
function ceiling(value: number): number {
  if (value <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find(
    (one) => one * power >= value && (one * power) % 2 === 0,
  );
  return (step ?? 10) * power;
}

/** What is held, each as the change that it would be; nothing where nothing is. */
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
