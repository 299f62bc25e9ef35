/** A line of a plot: its points by size, in that order. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a plot says beside its lines. */
export interface PlotTexts {
  readonly title: string;
  readonly x: string;
  readonly y: string;
}

/** Sizes in pixels. */
const size = { width: 720, height: 440, left: 70, right: 170, top: 44, bottom: 52 } as const;

/** Each tells from its neighbours by lightness too, and stands out from white and from black. */
const colours = ['#4269d0', '#d97706', '#e0455b', '#2a9d8f', '#8e6bd8', '#a9573a', '#8a8f98'] as const;

/**
 * A plot as SVG: lines over two logarithmic axes, each line with its name at its end. It is legible on a light and on a
 * dark page. Points that are not above zero are left out.
 */
export function plotLogLog(series: readonly Series[], { title, x, y }: PlotTexts): string {
  const drawn = series
    .map(({ name, points }, index) => ({
      ...{ name, points: points.filter(([a, b]) => a > 0 && b > 0) },
      // Of its place, so that a line without points does not change the colours of others.
      colour: colours[index % colours.length],
    }))
    .filter(({ points }) => points.length > 0);
  const all = drawn.flatMap(({ points }) => points);
  const scaleX = scaleOf(
    all.map(([value]) => value),
    [size.left, size.width - size.right],
  );
  const scaleY = scaleOf(
    all.map(([, value]) => value),
    [size.height - size.bottom, size.top],
  );
  const [left, right] = [size.left, size.width - size.right];
  const [top, bottom] = [size.top, size.height - size.bottom];
  const grid = [
    ...scaleX.ticks.map(
      (tick) =>
        `<path class="grid" d="M${at(scaleX.place(tick))} ${top}V${bottom}"/><text x="${at(scaleX.place(tick))}" y="${bottom + 18}" text-anchor="middle">${tick.toLocaleString('en')}</text>`,
    ),
    ...scaleY.ticks.map(
      (tick) =>
        `<path class="grid" d="M${left} ${at(scaleY.place(tick))}H${right}"/><text x="${left - 8}" y="${at(scaleY.place(tick) + 4)}" text-anchor="end">${tick.toLocaleString('en', { maximumFractionDigits: 6 })}</text>`,
    ),
  ];
  const names = spread(
    drawn.map(({ points }) => scaleY.place(points.at(-1)?.[1] ?? 1)),
    [top, bottom],
  );
  const lines = drawn.flatMap(({ name, points, colour }, index) => {
    const places = points.map(([a, b]) => [at(scaleX.place(a)), at(scaleY.place(b))] as const);
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${places.map((place) => place.join(',')).join(' ')}"/>`,
      ...places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`),
      `<text x="${right + 10}" y="${at((names[index] ?? 0) + 4)}" style="fill:${colour}">${escapeXml(name)}</text>`,
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="${escapeXml(title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .35; fill: none }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } }
</style>
<text class="title" x="${left}" y="24">${escapeXml(title)}</text>
${[...grid, ...lines].join('\n')}
<text x="${(left + right) / 2}" y="${size.height - 12}" text-anchor="middle">${escapeXml(x)}</text>
<text transform="translate(16 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeXml(y)}</text>
</svg>
`;
}

interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From the power of ten below the least to that above the most; with few powers also twos and fives between. */
function scaleOf(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const least = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const place = (value: number) => from + ((Math.log10(value) - least) / (most - least)) * (to - from);
  const steps = most - least > 2 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: most - least + 1 }, (_, index) => least + index);
  const ticks = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(1))));
  return { place, ticks: ticks.filter((tick) => tick <= 10 ** most * 1.0001) };
}

/** Heights for names that do not cover each other, as near to where they belong as that allows. */
function spread(heights: readonly number[], [top, bottom]: readonly [number, number]): readonly number[] {
  const gap = 16;
  const order = heights.map((height, index) => ({ height, index })).sort((a, b) => a.height - b.height);
  const placed = new Map<number, number>();
  let next = top;
  for (const [rank, { height, index }] of order.entries()) {
    // Those that follow need their room, too.
    const latest = bottom - (order.length - 1 - rank) * gap;
    const place = Math.max(next, Math.min(height, latest));
    placed.set(index, place);
    next = place + gap;
  }
  return heights.map((height, index) => placed.get(index) ?? height);
}

function at(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
