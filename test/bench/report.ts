import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type PlotTexts, plotLogLog } from './plot.ts';

const project = join(import.meta.dirname, '../..');

/** Where the results are kept, and what is made of them. */
export const reportPlaces = {
  json: join(import.meta.dirname, 'pipeline.json'),
  results: join(import.meta.dirname, 'RESULTS.md'),
  plots: join(project, 'docs/plots'),
} as const;

const spread = z.object({ median: z.number(), least: z.number(), most: z.number() });
/** The middle one of several numbers, and the ends. */
export type Spread = z.infer<typeof spread>;

/**
 * What is measured of a row: `cpu`, `main`, `collection`, `v8`, `pool`, `wall`, `published` and `delay` in seconds, `peak`,
 * `read` and `written` in MB, `ratio` of CPU to the listing in the same run, and `promtool`
 * to promtool there.
 */
export type Figures = Readonly<Record<string, number>>;

const entry = z.object({
  pods: z.number(),
  labels: z.enum(['all', 'needed']),
  what: z.string(),
  /** When it was measured, and how often. */
  date: z.string(),
  runs: z.number(),
  figures: z.record(z.string(), spread),
});
/** A row of the results: one thing that was measured, at one size. */
export type Entry = z.infer<typeof entry>;

/** An entry of the figures of several runs. A figure that a run lacks is not counted for it. */
export function entryOf(row: Pick<Entry, 'pods' | 'labels' | 'what'>, runs: readonly Figures[]): Entry {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  const figures = names.map((name) => [name, spreadOf(runs.flatMap((run) => run[name] ?? []))]);
  return {
    ...row,
    date: new Date().toISOString().slice(0, 10),
    runs: runs.length,
    figures: Object.fromEntries(figures),
  };
}

/** The middle of an even number of values is the mean of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { median, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

/** The entries of a file, with these in the place of older ones of the same row; written back, in order. */
export async function mergeEntries(path: string, fresh: readonly Entry[]): Promise<readonly Entry[]> {
  const text = await readFile(path, 'utf8').catch(() => '[]');
  const known = z.array(entry).parse(JSON.parse(text));
  const keyOf = ({ pods, labels, what }: Entry) => JSON.stringify([pods, labels, what]);
  const merged = new Map([...known, ...fresh].map((one) => [keyOf(one), one]));
  const order = [...new Set([...rowOrder, ...[...merged.values()].map(({ what }) => what)])];
  const entries = [...merged.values()].sort(
    (a, b) =>
      a.labels.localeCompare(b.labels) || a.pods - b.pods || order.indexOf(a.what) - order.indexOf(b.what),
  );
  await writeFile(path, `[\n${entries.map((one) => JSON.stringify(roundAll(one))).join(',\n')}\n]\n`);
  return entries;
}

function roundAll({ figures, ...row }: Entry): Entry {
  const round = (value: number) => Number(value.toPrecision(4));
  const rounded = Object.entries(figures).map(([name, { median, least, most }]) => [
    name,
    { median: round(median), least: round(least), most: round(most) },
  ]);
  return { ...row, figures: Object.fromEntries(rounded) };
}

/** The rows in the order of the pipeline. */
const rowOrder = [
  ...['listing', 'first', 'cold quiet', 'warm quiet', 'churn 0.1 %', 'churn 10 %'],
  ...['delay, polling', 'delay, SQS', 'promtool'],
];

/** The most that each row may take, as a share of the listing in the same run. */
const bars: Readonly<Record<string, number>> = {
  ...{ first: 3, 'cold quiet': 1.4, 'warm quiet': 1.1, 'churn 0.1 %': 1.5 },
};

/** Bars are held against lists of this many pods and more: with fewer what is measured is how Node starts. */
const leastPods = 50_000;

/** `met`, `NOT MET`, or nothing where there is no bar. */
export function verdictOf({ pods, labels, what, figures }: Entry): string {
  const [bar, ratio] = [bars[what], figures.ratio?.median];
  if (bar === undefined || ratio === undefined || pods < leastPods || labels !== 'all') return '';
  return ratio <= bar ? 'met' : 'NOT MET';
}

/** The results as a table for people: the medians, and of CPU and ratio the ends. */
export function tableOf(entries: readonly Entry[]): string {
  const heading = [
    ...[
      'pods',
      'labels',
      'what',
      'runs',
      'CPU s',
      'main thread',
      'GC pauses',
      'V8 threads',
      'zlib and files',
    ],
    ...['wall s', 'peak MB', 'MB read', 'MB written', 'CPU ÷ listing', 'CPU ÷ promtool', 'bar'],
  ];
  const lines = entries
    .filter(({ figures }) => figures.delay === undefined)
    .map((one) => {
      const { pods, labels, what, runs, figures } = one;
      const cells = [
        ...['main', 'collection', 'v8', 'pool', 'wall'].map((name) => shortOf(figures[name], 2)),
        ...[shortOf(figures.peak, 0), shortOf(figures.read, 2), shortOf(figures.written, 2)],
      ];
      return [
        ...[pods.toLocaleString('en'), labels, what, String(runs), longOf(figures.cpu, 2)],
        ...[...cells, longOf(figures.ratio, 2), shortOf(figures.promtool, 2), verdictOf(one)],
      ];
    });
  const delays = entries
    .filter(({ figures }) => figures.delay !== undefined)
    .map(({ pods, labels, what, runs, figures }) => [
      ...[pods.toLocaleString('en'), labels, what, String(runs)],
      ...[longOf(figures.published, 1), longOf(figures.delay, 1)],
    ]);
  const delayHeading = ['pods', 'labels', 'what', 'runs', 's to the bucket', 's to the disk'];
  return [markdown(heading, lines), ...(delays.length === 0 ? [] : [markdown(delayHeading, delays)])].join(
    '\n',
  );
}

function shortOf(figure: Spread | undefined, digits: number): string {
  return figure === undefined ? '' : figure.median.toFixed(digits);
}

function longOf(figure: Spread | undefined, digits: number): string {
  if (figure === undefined) return '';
  const [median, least, most] = [figure.median, figure.least, figure.most].map((one) => one.toFixed(digits));
  return least === most ? `${median}` : `${median} (${least}–${most})`;
}

/** A table in Markdown. */
export function markdown(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, heading.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const marks = { begin: '<!-- pipeline: begin -->', end: '<!-- pipeline: end -->' } as const;

/** Writes the table between its marks in RESULTS.md. */
export async function writeResults(path: string, entries: readonly Entry[]): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [from, to] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (from === -1 || to < from) throw new Error(`${path} lacks ${marks.begin} and ${marks.end}`);
  await writeFile(
    path,
    `${text.slice(0, from + marks.begin.length)}\n\n${tableOf(entries)}\n${text.slice(to)}`,
  );
}

interface Plot extends PlotTexts {
  readonly file: string;
  readonly labels: Entry['labels'];
  readonly figure: string;
  readonly rows: readonly string[];
}

const steps = rowOrder.filter((what) => !what.startsWith('delay'));
const ours = steps.filter((what) => what !== 'promtool');
const plots: readonly Plot[] = [
  {
    ...{ file: 'cpu-all.svg', labels: 'all', figure: 'cpu', rows: steps },
    ...{ title: 'CPU of a whole process, all labels', x: 'pods', y: 'CPU seconds' },
  },
  {
    ...{ file: 'cpu-needed.svg', labels: 'needed', figure: 'cpu', rows: ours },
    ...{ title: 'CPU of a whole process, labels: needed', x: 'pods', y: 'CPU seconds' },
  },
  {
    ...{ file: 'memory-all.svg', labels: 'all', figure: 'peak', rows: steps },
    ...{ title: 'Peak memory, all labels', x: 'pods', y: 'MB' },
  },
  {
    ...{ file: 'written-all.svg', labels: 'all', figure: 'written', rows: ours },
    ...{ title: 'Written to the bucket, all labels', x: 'pods', y: 'MB' },
  },
];

/** Draws the plots of what there is; one without a line is not drawn. */
export async function writePlots(folder: string, entries: readonly Entry[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { file, labels, figure, rows, ...texts } of plots) {
    const own = entries.filter((one) => one.labels === labels);
    const series = rows.map((name) => ({
      name,
      points: own
        .filter(({ what, figures }) => what === name && figures[figure] !== undefined)
        .map(({ pods, figures }): [number, number] => [pods, figures[figure]?.median ?? 0])
        .sort(([a], [b]) => a - b),
    }));
    if (series.some(({ points }) => points.length > 0))
      await writeFile(join(folder, file), plotLogLog(series, texts));
  }
}
