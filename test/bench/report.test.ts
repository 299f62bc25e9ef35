import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { plotLogLog } from './plot.ts';
import { entryOf, mergeEntries, spreadOf, verdictOf } from './report.ts';

const row = { pods: 50_000, labels: 'all', what: 'first' } as const;

test('of several runs the middle is shown, and the ends', () => {
  expect([spreadOf([3, 1, 10]), spreadOf([4, 2])]).toEqual([
    { median: 3, least: 1, most: 10 },
    { median: 3, least: 2, most: 4 },
  ]);
});

test('a part that is measured again takes the place of its rows and leaves the others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-report-'));
  try {
    const file = join(folder, 'results.json');
    await mergeEntries(file, [
      entryOf(row, [{ cpu: 9 }]),
      entryOf({ ...row, what: 'listing' }, [{ cpu: 3 }]),
      entryOf({ ...row, pods: 1000 }, [{ cpu: 1 }]),
    ]);
    const merged = await mergeEntries(file, [entryOf(row, [{ cpu: 8 }, { cpu: 6 }])]);
    const shown = merged.map(({ pods, what, runs, figures }) => [pods, what, runs, figures.cpu?.median]);
    expect(shown).toEqual([
      [1000, 'first', 1, 1],
      [50_000, 'listing', 1, 3],
      [50_000, 'first', 2, 7],
    ]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(merged);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.each([
  [50_000, 3, 'met'],
  [50_000, 3.01, 'NOT MET'],
  [10_000, 9, ''],
])('of %i pods a first cycle of %f listings is %j', (pods, ratio, verdict) => {
  expect(verdictOf(entryOf({ ...row, pods }, [{ ratio }]))).toBe(verdict);
});

test('a plot has equal steps for equal factors, and leaves out what is not above zero', () => {
  const series = [
    {
      name: 'a & b',
      points: [
        [10, 1],
        [100, 10],
        [1000, 100],
        [1000, 0],
      ] as const,
    },
  ];
  const svg = plotLogLog(series, { title: 't', x: 'x', y: 'y' });
  expect(svg.match(/points="[^"]*"/)?.[0]).toBe('points="70,388 310,216 550,44"');
  expect(svg).toContain('>a &#38; b</text>');
});
