import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type CostRow, type CostTask, costOf, type Deployment, kubeState } from '../../lib/lambda/cost.ts';
import { root } from './pages.ts';

const minute = 60_000;
const deployment: Deployment = {
  ...{ schedule: 'rate(1 minute)', sidecars: 1, sidecarsIn: 'same-region', kms: false, dashboard: true },
};

/** 400 instances of Consul that change ten times a day: 240 kB of target file, 12 kB of snapshot. */
const small: CostTask = {
  ...{ backend: 'consul', refreshInterval: minute, seconds: 0.25, targets: 400, changes: 304 },
  ...{ status: 1100, replaced: 252_000, fetched: 240_000, blocks: 0 },
};

/** A cluster of 100,000 pods with needed labels that changes in every cycle: 35 kB a block, 10 s a cycle. */
const large: CostTask = {
  ...{ backend: 'kubernetes', refreshInterval: minute, seconds: 10, targets: 302_547, changes: 43_800 },
  ...{ status: 1500, replaced: 150_000, fetched: 100_000, blocks: 1 },
};

/** The texts of 10,000 pods, 11 MB in every minute. */
const output: CostTask = {
  ...{ backend: kubeState, refreshInterval: minute, seconds: 5, changes: 0 },
  ...{ status: 1000, replaced: 11e6, fetched: 11e6, blocks: 0 },
};

const times = <T>(count: number, item: T) => Array.from({ length: count }, () => ({ ...item }));
const bytesOf = (tasks: readonly CostTask[]) => tasks.reduce((sum, { replaced }) => sum + 2 * replaced, 0);
const billOf = (tasks: readonly CostTask[], changed: Partial<Deployment> = {}) =>
  costOf({ tasks, stored: bytesOf(tasks), deployment: { ...deployment, ...changed } });

const deployments: readonly (readonly [name: string, rows: readonly CostRow[]])[] = [
  ['1 provider', billOf(times(1, small))],
  ['1 provider, `refresh_interval: 30s`', billOf(times(1, { ...small, refreshInterval: minute / 2 }))],
  ['10 providers', billOf(times(10, small))],
  ['100 providers', billOf(times(100, small))],
  ['1,000 providers', billOf(times(1000, small))],
  ['1,000 providers, every 5 min', billOf(times(1000, { ...small, refreshInterval: 5 * minute }))],
  ['100,000 providers, in ten stores', times(10, 0).flatMap(() => billOf(times(10_000, small)))],
  ['10 million targets: 33 clusters', billOf(times(33, large), { memory: 2048, sidecars: 100 })],
  ['kube state of 10,000 pods', billOf([output])],
];

/** What the columns of the table sum up. */
const columns: readonly (readonly [heading: string, rows: RegExp])[] = [
  ['Lambda', /^Lambda/],
  ['S3 requests of functions', /^S3 .*of functions/],
  ['of sidecars', /^S3 .*of sidecars/],
  ['storage', /^S3 storage/],
  ['schedule, logs', /^(schedules|logs)/],
  ['metrics, alarms, dashboard', /^CloudWatch/],
  ['together', /./],
];

test('the table of costs in docs/scale.md is what muster cost makes of its deployments', () => {
  const dollars = (rows: readonly CostRow[], pattern: RegExp) =>
    rows
      .filter(({ what }) => pattern.test(what))
      .reduce((sum, row) => sum + row.dollars, 0)
      .toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const rows = deployments.map(([name, bill]) => [
    name,
    ...columns.map(([, pattern]) => dollars(bill, pattern)),
  ]);
  const heading = ['deployment', ...columns.map(([name]) => name)];
  const table = [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const text = readFileSync(join(root, 'docs/scale.md'), 'utf8');
  const shown = text.split('\n').filter((line) => line.startsWith('| '));
  const from = shown.findIndex((line) => line.startsWith('| deployment |'));
  expect(shown.slice(from, from + table.length)).toEqual(table);
});
