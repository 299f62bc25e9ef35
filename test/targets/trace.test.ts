import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../lib/config/load.ts';
import { printRule } from '../../lib/config/relabel.ts';
import type { LabelSet } from '../../lib/targets/group.ts';
import { relabel, traceRelabel } from '../../lib/targets/relabel.ts';
import type { RelabelConfig } from '../../lib/targets/relabel-config.ts';
import { chosenRules, drawnRules } from '../e2e/relabel-rules.ts';
import { draws } from '../support/counts.ts';

const job = { job: 'web', __scheme__: 'http', __metrics_path__: '/metrics' };

function rulesOf(relabel_configs: readonly object[]): readonly RelabelConfig[] {
  return readLists([relabel_configs])[0] ?? [];
}

/** Many lists at once. */
function readLists(lists: readonly (readonly object[])[]): readonly (readonly RelabelConfig[])[] {
  const scrape_configs = lists.map((relabel_configs, number) => ({
    job_name: `job-${number}`,
    relabel_configs,
  }));
  return readJobs(JSON.stringify({ scrape_configs }));
}

function readJobs(text: string): readonly (readonly RelabelConfig[])[] {
  const { jobs } = parseConfig(text, { mechanisms: [], origin: 'test', directory: '/' });
  return jobs.map(({ relabel_configs }) => relabel_configs);
}

describe('the steps of relabelling', () => {
  test('say of each rule what it looked at, and what it set, changed and removed', () => {
    const rules = rulesOf([
      { source_labels: ['__meta_zone', 'env'], target_label: 'zone', regex: '(.*);.*' },
      { source_labels: ['__meta_absent'], regex: 'x', target_label: 'zone' },
      { target_label: 'env', replacement: 'live' },
      { action: 'labeldrop', regex: 'env|__meta_zone' },
    ]);
    const found = { __address__: 'a:1', __meta_zone: 'eu', __meta_id: '7', env: 'prod', empty: '' };
    const { steps, ...rest } = traceRelabel(found, rules, job);
    expect(steps.map(({ value, changes, drops }) => ({ value, changes, drops }))).toEqual([
      {
        value: 'eu;prod',
        changes: [{ name: 'zone', before: undefined, after: 'eu' }],
        drops: false,
      },
      { value: '', changes: [], drops: false },
      { value: '', changes: [{ name: 'env', before: 'prod', after: 'live' }], drops: false },
      {
        value: '',
        changes: [
          { name: '__meta_zone', before: 'eu', after: undefined },
          { name: 'env', before: 'live', after: undefined },
        ],
        drops: false,
      },
    ]);
    expect(steps.at(-1)?.labels).toEqual({ ...job, __address__: 'a:1', __meta_id: '7', zone: 'eu' });
    expect(rest).toEqual({
      discovered: { ...job, __address__: 'a:1', __meta_zone: 'eu', __meta_id: '7', env: 'prod' },
      outcome: 'kept',
      refusal: undefined,
      labels: { ...job, __address__: 'a:1', zone: 'eu', instance: 'a:1' },
    });
  });

  test('end with the rule that drops the target', () => {
    const rules = rulesOf([
      { target_label: 'a', replacement: 'b' },
      { action: 'keep', source_labels: ['env'], regex: 'prod' },
      { target_label: 'never', replacement: 'seen' },
    ]);
    const { steps, outcome, labels } = traceRelabel({ __address__: 'a:1', env: 'dev' }, rules);
    expect(steps.map(({ rule, value, drops }) => [printRule(rule), value, drops])).toEqual([
      ['{target_label: a, replacement: b}', '', false],
      ['{source_labels: [env], regex: prod, action: keep}', 'dev', true],
    ]);
    expect([outcome, labels]).toEqual(['dropped', undefined]);
  });

  test.each([
    [{ target_label: '__address__', replacement: '' }, 'the rules leave it no address'],
    [
      { target_label: '__address__', replacement: 'http://a' },
      '"http://a" is no address that Prometheus can scrape',
    ],
  ])('end without labels where Prometheus refuses the address: %j', (rule, refusal) => {
    const trace = traceRelabel({ __address__: 'a:1' }, rulesOf([rule]));
    expect([trace.outcome, trace.refusal, trace.labels]).toEqual(['refused', refusal, undefined]);
  });

  test('discovery wins over what the job gives, and a rule over the instance', () => {
    const found = { __address__: 'a:1', __scheme__: 'https', __metrics_path__: '' };
    expect(
      traceRelabel(found, rulesOf([{ target_label: 'instance', replacement: 'mine' }]), job).labels,
    ).toEqual({ ...job, __scheme__: 'https', __address__: 'a:1', instance: 'mine' });
  });

  test('come to what relabelling at once comes to, each from the one before', () => {
    const lists = readLists([...chosenRules, ...drawnRules(draws(300), 7)]);
    const values = fc.constantFrom('', 'a', 'prod', 'DEV;x', 'a.b:9', 'größe', '$1');
    const labels = fc.dictionary(
      fc.constantFrom('__address__', '__meta_name', '__meta_env', 'env', 'out', 'job', '__proto__'),
      values,
    );
    fc.assert(
      fc.property(fc.constantFrom(...lists), labels, (rules, found) => {
        const { discovered, steps, outcome } = traceRelabel(found, rules, job);
        const after = relabel({ ...job, ...withoutEmpty(found) }, rules);
        expect(after === undefined).toBe(outcome === 'dropped');
        if (after !== undefined) expect(steps.at(-1)?.labels ?? discovered).toEqual(after);
        let current: LabelSet = discovered;
        for (const { changes, labels: next } of steps) {
          const made = new Map(Object.entries(current));
          for (const { name, after } of changes) {
            if (after === undefined) made.delete(name);
            else made.set(name, after);
          }
          expect(Object.fromEntries(made)).toEqual(next);
          current = next;
        }
      }),
      { numRuns: draws(500) },
    );
  });
});

function withoutEmpty(labels: LabelSet): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

test('a rule is printed as a line of YAML that reads as the same rule', () => {
  const lists = readLists([...chosenRules, ...drawnRules(draws(300), 3)]);
  const lines = lists.map((rules) => rules.map(printRule));
  expect(lines.flat().filter((line) => line.includes('\n'))).toEqual([]);
  const jobs = lines.map(
    (list, number) => `- {job_name: job-${number}, relabel_configs: [${list.join(', ')}]}\n`,
  );
  const again = readJobs(`scrape_configs:\n${jobs.join('')}`);
  expect(again.map((rules) => rules.map(plain))).toEqual(lists.map((rules) => rules.map(plain)));
});

function plain({ regex, ...rule }: RelabelConfig): object {
  return { ...rule, regex: regex.source };
}
