import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { functionMetrics, metricDimensions, metricNamespace, syncMetrics } from '../../lib/base/metrics.ts';
import { servedKubeStateMetrics } from '../../lib/kube-state/metrics.ts';

/** What Grafana asks of a dashboard of schema version 39, and of these ones no more than they have. */
const datasource = z.strictObject({
  type: z.enum(['prometheus', 'cloudwatch']),
  uid: z.literal('${datasource}'),
});
const option = z.union([z.string(), z.tuple([z.string()])]);
const variable = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('datasource'), name: z.string(), label: z.string(), query: z.string() }),
  z.strictObject({
    type: z.literal('query'),
    name: z.string(),
    datasource,
    query: z.union([z.string(), z.looseObject({ queryType: z.string(), refId: z.string() })]),
    multi: z.boolean().optional(),
    includeAll: z.boolean().optional(),
    // Never, when the dashboard is opened, when its times change.
    refresh: z.union([z.literal(0), z.literal(1), z.literal(2)]),
    current: z.strictObject({ text: option, value: option }).optional(),
  }),
]);
const panel = z.strictObject({
  id: z.int().min(1),
  title: z.string().min(3),
  description: z.string().min(3),
  type: z.literal('timeseries'),
  datasource,
  // In the 24 columns that Grafana has.
  gridPos: z
    .strictObject({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) })
    .refine(({ x, w }) => x + w <= 24),
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(['short', 's', 'ms', 'bytes', 'Bps', 'percentunit']),
      min: z.number(),
    }),
    overrides: z.tuple([]),
  }),
  options: z.strictObject({
    legend: z.strictObject({
      displayMode: z.enum(['list', 'table', 'hidden']),
      placement: z.enum(['bottom', 'right']),
      showLegend: z.boolean(),
      calcs: z.array(z.string()),
    }),
    tooltip: z.strictObject({
      mode: z.enum(['single', 'multi', 'none']),
      sort: z.enum(['asc', 'desc', 'none']),
    }),
  }),
  targets: z.array(z.looseObject({ refId: z.string().regex(/^[A-Z]$/), datasource })).min(1),
});
const dashboard = z.strictObject({
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  title: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  editable: z.boolean(),
  refresh: z.string().regex(/^\d+[smh]$/),
  timezone: z.enum(['browser', 'utc']),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  templating: z.strictObject({ list: z.array(variable) }),
  annotations: z.strictObject({ list: z.tuple([]) }),
  panels: z.array(panel),
});

const read = async (name: string) => {
  const file = join(import.meta.dirname, `../../infra/monitoring/dashboards/${name}.json`);
  return dashboard.parse(JSON.parse(await readFile(file, 'utf8')));
};
const usedIn = (expression: string) => expression.match(/\bmuster_\w+/g) ?? [];

describe.each([
  ['sidecars', 'prometheus'],
  ['functions', 'cloudwatch'],
] as const)('the dashboard of the %s', (name, type) => {
  test('has variables for all that it asks for, and one source of data', async () => {
    const { panels, templating } = await read(name);
    const named = [...JSON.stringify([panels, templating]).matchAll(/\$\{?(\w+)(?!\()\b/g)].map(
      ([, one]) => one,
    );
    const asked = new Set(named.filter((one) => !/^__|^PROP$/.test(one ?? '')));
    expect([...asked].sort()).toEqual(templating.list.map((one) => one.name).sort());
    const sources = [...panels, ...panels.flatMap(({ targets }) => targets)].map(
      (one) => one.datasource.type,
    );
    expect([...new Set(sources)]).toEqual([type]);
    expect(templating.list[0]).toMatchObject({ type: 'datasource', query: type });
  });

  test('has panels that do not lie on one another, with a number each', async () => {
    const { panels } = await read(name);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { targets } of panels)
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  });
});

test('the sidecars show every metric of theirs, and no other', async () => {
  const tables = [syncMetrics, servedKubeStateMetrics];
  const metrics = tables.flatMap((table) => Object.values(table).map(({ name }) => name));
  const { duration } = syncMetrics;
  const expressions = (await read('sidecars')).panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => String(expr).replace(`${duration.name}_bucket`, duration.name)),
  );
  const used = new Set(expressions.flatMap(usedIn));
  expect([...used].filter((one) => !metrics.some((name) => name === one))).toEqual([]);
  // That one has the names of objects; a table of them is for who looks into an alert.
  expect(metrics.filter((one) => !used.has(one))).toEqual([syncMetrics.rejectedObject.name]);
});

test('the functions show every metric of theirs, by its dimensions', async () => {
  const target = z.object({
    namespace: z.string(),
    metricName: z.string(),
    dimensions: z.record(z.string(), z.string()),
  });
  const targets = (await read('functions')).panels.flatMap((one) =>
    one.targets.map((raw) => target.parse(raw)),
  );
  const own = targets.filter(({ namespace }) => namespace === metricNamespace);
  expect([...new Set(own.map(({ metricName }) => metricName))].sort()).toEqual(
    Object.values(functionMetrics)
      .map(({ name }) => name)
      .sort(),
  );
  const dimensions = new Set(own.map((one) => Object.keys(one.dimensions).sort().join()));
  expect([...dimensions]).toEqual([Object.values(metricDimensions).sort().join()]);
  const others = targets.filter(({ namespace }) => namespace !== metricNamespace);
  expect(new Set(others.map(({ namespace }) => namespace))).toEqual(new Set(['AWS/Lambda']));
});
