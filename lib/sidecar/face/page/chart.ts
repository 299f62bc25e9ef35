import type { Point } from '../history.ts';
import { ago, clock, count, number } from './format.ts';
import { type Html, html, nothing, raw } from './html.ts';

/** Target counts over time as a line of steps, with the numbers below for who cannot see it or wants them. */
export function chart(points: readonly Point[], now: number): Html {
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

/** Units of the drawing, which is stretched to its place. */
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
