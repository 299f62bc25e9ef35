import type { History, Point } from '../serve/change-feed.ts';
import { clock, count, given, type Html, html, listHref, nothing, number, raw, versionHref } from './html.ts';

/** How far back a timeline goes. */
export const ranges = ['hour', 'day', 'week', 'all'] as const;
/** The period that the timeline shows. */
export type Range = (typeof ranges)[number];

const hour = 3_600_000;
const lengths: Readonly<Record<Range, number>> = {
  hour,
  day: 24 * hour,
  week: 7 * 24 * hour,
  all: Number.POSITIVE_INFINITY,
};

/** When a range begins, in milliseconds of Unix time. */
export function startOf(range: Range, now: number): number {
  return Math.max(0, now - lengths[range]);
}

/** What a timeline is drawn of. */
export interface TimelineOptions {
  readonly history: History;
  readonly range: Range;
  /** Milliseconds of Unix time. */
  readonly now: number;
  /** The page with another range. */
  readonly at: (range: Range) => string;
}

/** Units of the drawing, which is stretched to the width of the page. */
const width = 1000;
const height = 120;
const mostRows = 50;

/**
 * Target counts over time as a line of steps: each step says its count and leads to the version that made it. The
 * numbers stand below for who cannot see it or wants them.
 */
export function timeline({ history, range, now, at }: TimelineOptions): Html {
  const { points, every } = history;
  const shown = within(points, startOf(range, now));
  const [first] = shown;
  const last = shown.at(-1);
  if (first === undefined || last === undefined) return nothing;
  const counts = shown.map(({ targets }) => targets);
  const top = ceiling(Math.max(...counts));
  const end = Math.max(now, last.at);
  const span = Math.max(1, end - first.at);
  const share = (time: number) => (time - first.at) / span;
  const x = (time: number) => round(share(time) * width);
  const y = (targets: number) => round(height - (targets / top) * height);
  const steps = shown.slice(1).map((point) => `H${x(point.at)}V${y(point.targets)}`);
  const line = `M0 ${y(first.targets)}${steps.join('')}H${width}`;
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const scope = least === most ? 'always as many' : `from ${number(least)} to ${number(most)}`;
  const start = new Date(first.at).toISOString();
  const ticks = ticksOf(first.at, end);
  const parts = shown.map((point, index) =>
    hit(point, { from: share(point.at), to: share(shown[index + 1]?.at ?? end) }),
  );
  return html`<figure class="chart" data-keep="chart">
<figcaption><h2>Targets over time</h2><p class="muted">${count(last.targets, 'target')} now, ${scope} since <time datetime="${start}">${clock(start)}</time></p>
<nav class="ranges" aria-label="Time range">${ranges.map((one) => html`<a href="${at(one)}"${one === range ? html` aria-current="true"` : ''}>${one}</a>`)}</nav></figcaption>
<div class="plot">
<div class="y" aria-hidden="true"><span>${number(top)}</span><span>${number(top / 2)}</span><span>0</span></div>
<div class="area">${raw(`<svg class="drawn" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="Target count over time, ${scope}">
<path class="grid" d="M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}${ticks.map((tick) => `M${x(tick.at)} 0V${height}`).join('')}"/>
<path class="fill" d="${line}V${height}H0Z"/>
<path class="line" d="${line}"/>
</svg>`)}<svg class="hits" aria-hidden="true">${parts}</svg></div>
<svg class="x" aria-hidden="true">${ticks.map((tick) => html`<text x="${percent(share(tick.at))}" y="13" text-anchor="middle">${tick.text}</text>`)}</svg>
</div>
<p class="readout muted" aria-hidden="true" data-readout>Times are UTC. A click on a step shows the version that made it.</p>
${every === 1 ? nothing : html`<p class="muted">There are too many changes to draw them all: about one of ${number(every)} is drawn. A shorter range shows more of them.</p>`}
<details><summary>Numbers</summary>
<table><thead><tr><th scope="col">From</th><th scope="col" class="num">Targets</th><th scope="col">Change</th><th scope="col">List</th></tr></thead><tbody>
${shown.slice(-mostRows).reverse().map(numbersRow)}
</tbody></table></details>
</figure>`;
}

/** The points of the range, the first of them where it begins. */
function within(points: readonly Point[], since: number): readonly Point[] {
  const later = points.filter(({ at }) => at >= since);
  const before = points.findLast(({ at }) => at < since);
  return before === undefined ? later : [{ ...before, at: since }, ...later];
}

function hit(point: Point, { from, to }: { readonly from: number; readonly to: number }): Html {
  const { at, targets, version } = point;
  const which = version === undefined ? '' : `, version ${version.version} of ${version.provider}`;
  const text = `${clock(new Date(at).toISOString())}: ${count(targets, 'target')}${which}`;
  const box = html`<title>${text}</title><rect x="${percent(from)}" y="0" width="${percent(Math.max(0.002, to - from))}" height="100%"/>`;
  return version === undefined
    ? html`<g data-tip="${text}">${box}</g>`
    : html`<a href="${versionHref(version)}" tabindex="-1" data-tip="${text}">${box}</a>`;
}

function numbersRow({ at, targets, version }: Point): Html {
  const time = new Date(at).toISOString();
  const change =
    version === undefined
      ? '–'
      : html`<a href="${versionHref(version)}">${version.version}</a> <span class="muted">${given(version.provider)}</span>`;
  const list =
    version === undefined ? '–' : html`<a href="${listHref(version)}">as of ${version.version}</a>`;
  return html`<tr><td><time datetime="${time}">${clock(time)}</time></td><td class="num">${number(targets)}</td><td>${change}</td><td>${list}</td></tr>`;
}

function percent(share: number): string {
  return `${round(share * 100)}%`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const minute = 60_000;
const day = 24 * hour;
const tickSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((one) => one * minute);
const dayTicks = [1, 2, 7, 14, 30, 60, 120, 365].map((one) => one * day);
const mostTicks = 6;

/** Round times between two, few enough to be read on a phone. */
function ticksOf(start: number, end: number): readonly { readonly at: number; readonly text: string }[] {
  const steps = [...tickSteps, ...dayTicks];
  const step =
    steps.find((one) => (end - start) / one <= mostTicks) ?? Math.ceil((end - start) / mostTicks / day) * day;
  const edge = (end - start) * 0.04;
  const ticks: { at: number; text: string }[] = [];
  for (let at = Math.ceil(start / step) * step; at <= end; at += step) {
    const text = new Date(at).toISOString();
    if (at - start >= edge && end - at >= edge)
      ticks.push({ at, text: step >= day || at % day === 0 ? text.slice(5, 10) : text.slice(11, 16) });
  }
  return ticks;
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
