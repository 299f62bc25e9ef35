import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { schedulerMetrics, syncMetrics } from '../../lib/base/metrics.ts';
import { servedKubeStateMetrics, storedKubeStateMetrics } from '../../lib/kube-state/metrics.ts';
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

/** Names of the sidecar's metrics; the rules use none of its histogram. */
const known = new Set<string>(
  [syncMetrics, schedulerMetrics, servedKubeStateMetrics, storedKubeStateMetrics].flatMap((table) =>
    Object.values(table).map(({ name }) => name),
  ),
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

  test('there is one for what is held, went without a person, fails, is stale, damaged, orphaned or incomplete', async () => {
    const { providerHeld, providerConfirmed, providerFailures, providerStale, providerDamaged } = syncMetrics;
    const { orphanedTargets, incomplete } = syncMetrics;
    const { held, failures, unread } = storedKubeStateMetrics;
    const used = new Set((await alerts()).flatMap(({ expr }) => usedIn(expr)));
    const wanted = [
      ...[providerHeld, providerConfirmed, providerFailures, providerStale, providerDamaged],
      ...[orphanedTargets, incomplete, schedulerMetrics.configGood, held, failures, unread],
    ];
    expect(wanted.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  test('read only metrics that the sidecar has', async () => {
    const used = (await rules()).flatMap(({ expr }) =>
      usedIn(expr.replace(/\bjob:\w+:max|\binstance_job:\w+:sum/g, '')),
    );
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });
});
