import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import {
  functionMetrics,
  metricDimensions,
  metricNamespace,
  syncMetrics,
} from '../../lib/telemetry/metrics.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';

const folder = join(import.meta.dirname, '../../infra/monitoring');
const read = (path: string) => readFile(join(folder, path), 'utf8');
const paths = async (below: string, ending: string) =>
  (await readdir(join(folder, below)))
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, below, name));

const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.union([
          z.strictObject({ record: z.string(), expr: z.string() }),
          z.strictObject({
            alert: z.string(),
            expr: z.string(),
            for: z.string(),
            labels: z.strictObject({ severity: z.enum(['info', 'warning', 'critical']) }),
            annotations: z.strictObject({
              summary: z.string(),
              description: z.string(),
              runbook_url: z.string(),
            }),
          }),
        ]),
      ),
    }),
  ),
});

const rules = async () =>
  ruleFile.parse(parse(await read('rules/muster-sync.yml'))).groups.flatMap((group) => group.rules);
const alerts = async () => (await rules()).flatMap((rule) => ('alert' in rule ? [rule] : []));

/** Names of samples of the sidecar, with those that a histogram has. */
const known = new Set(
  Object.values(syncMetrics).flatMap(({ name }) => [
    name,
    ...['_bucket', '_sum', '_count'].map((end) => name + end),
  ]),
);
const usedIn = (expression: string) => expression.match(/\bmuster_\w+/g) ?? [];

describeWithPrograms('promtool', ['promtool'], () => {
  const promtool = async (...args: readonly string[]) =>
    (await promisify(execFile)(requireProgram('promtool'), [...args])).stdout;

  test('finds the rules sound, and their unit tests pass', async () => {
    expect(
      await promtool('check', 'rules', '--lint=all', '--lint-fatal', ...(await paths('rules', '.yml'))),
    ).toContain('SUCCESS');
    expect(await promtool('test', 'rules', ...(await paths('tests', '.yml')))).toContain('SUCCESS');
  });
});

describe('alerts', () => {
  test('have a runbook each, and a unit test in which they fire', async () => {
    const names = (await alerts()).map(({ alert }) => alert).sort();
    const tests = z
      .object({
        tests: z.array(
          z.object({
            alert_rule_test: z
              .array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }))
              .default([]),
          }),
        ),
      })
      .parse(parse(await read('tests/muster-sync.test.yml')));
    const firing = tests.tests
      .flatMap((one) => one.alert_rule_test)
      .filter(({ exp_alerts }) => exp_alerts.length > 0)
      .map(({ alertname }) => alertname);
    expect([...new Set(firing)].sort()).toEqual(names);
    expect((await alerts()).map(({ annotations }) => annotations.runbook_url).sort()).toEqual(
      names.map((name) => `runbooks/${name}.md`),
    );
    expect((await readdir(join(folder, 'runbooks'))).sort()).toEqual(names.map((name) => `${name}.md`));
    for (const name of names) {
      const page = await read(`runbooks/${name}.md`);
      expect(page).toMatch(
        new RegExp(
          `^# ${name}\\n\\n\\*\\*Means\\*\\* [\\s\\S]+\\n\\*\\*Look\\*\\* [\\s\\S]+\\n\\*\\*Do\\*\\*`,
        ),
      );
    }
  });

  test('read only metrics that the sidecar has', async () => {
    const used = (await rules()).flatMap(({ expr }) => usedIn(expr.replace(/job:\w+:max/g, '')));
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});

const panel = z.object({
  title: z.string().min(3),
  description: z.string().min(3),
  type: z.literal('timeseries'),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.record(z.string(), z.unknown())).min(1),
});
const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  schemaVersion: z.int(),
  panels: z.array(panel),
});
const readDashboard = async (name: string) =>
  dashboard.parse(JSON.parse(await read(`dashboards/${name}.json`)));

describe('dashboards', () => {
  test('that of the sidecars shows every metric of theirs, and no other', async () => {
    const { panels } = await readDashboard('sidecars');
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => String(expr)));
    const used = new Set(expressions.flatMap(usedIn));
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
    const shown = Object.values(syncMetrics).map(
      ({ name }) => [...used].some((one) => one.startsWith(name)) || name,
    );
    expect(shown.filter((one) => one !== true)).toEqual(['muster_sync_rejected_object_info']);
  });

  test('that of the functions shows every metric of theirs, by its dimensions', async () => {
    const target = z.object({
      namespace: z.string(),
      metricName: z.string(),
      dimensions: z.record(z.string(), z.string()),
    });
    const targets = (await readDashboard('functions')).panels.flatMap((one) =>
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

  test('no two panels lie on one another', async () => {
    for (const name of ['sidecars', 'functions']) {
      const { panels } = await readDashboard(name);
      const places = panels.map(({ gridPos: { x, y, w } }) => `${x},${y},${w}`);
      expect(new Set(places).size).toBe(panels.length);
    }
  });
});
