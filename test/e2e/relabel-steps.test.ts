import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findPromtool } from '../../lib/adopt/promtool.ts';
import { mapConcurrent } from '../../lib/base/concurrency.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { addressLabel, type LabelSet, metaPrefix } from '../../lib/targets/group.ts';
import { traceRelabel } from '../../lib/targets/relabel.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { chosenRules, drawnRules, type Rule } from './relabel-rules.ts';

const texts = ['', 'a', 'prod', 'PROD-7', 'dev;x', 'a.b', '42', 'x:9', 'größe', '$1'];
const targets = Array.from({ length: 20 }, (_, number) => ({
  targets: [number % 10 === 7 ? '' : `127.0.0.${number + 1}:1`],
  labels: {
    id: `t${number}`,
    __meta_name: texts[number % 10] ?? '',
    __meta_env: ['prod', 'dev', '', 'größe'][number % 4] ?? '',
    __meta_letters: ['straße', 'ΑΣ', 'é'][number % 3] ?? '',
    env: ['prod', 'dev', '', 'PROD', '😀'][number % 5] ?? '',
  },
}));

/** Lists of rules, each of which is a job a step. More by environment, for a release. */
const count = Number(process.env.MUSTER_RULE_STEPS ?? 12);
const seed = Number(process.env.MUSTER_SEED ?? 1);
const lists = [...chosenRules.filter((rules) => rules.length > 1), ...drawnRules(count, seed)];

/** Makes what Prometheus keeps to itself visible at the end. */
const seen: Rule = { action: 'labelmap', regex: '__meta_(.+)', replacement: 'seen_$1' };

const timing = { __scrape_interval__: '1m', __scrape_timeout__: '10s' };

describeWithPrograms('the steps of relabelling beside promtool', ['promtool'], () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await makeWorkplace();
    await place.write('targets.json', targets);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
  });

  test('the labels before the first rule and after each are those of Prometheus, and so is who is dropped', async () => {
    const jobs = lists.flatMap((rules, list) =>
      Array.from({ length: rules.length + 1 }, (_, steps) => ({
        job_name: `list-${list}-${steps}`,
        params: { module: ['m', 'n'] },
        relabel_configs: [...rules.slice(0, steps), seen],
        file_sd_configs: [{ files: [`${place.folder}/targets.json`] }],
      })),
    );
    await place.write('prometheus.yml', { scrape_configs: jobs });
    const ours = parseConfig(
      JSON.stringify({ scrape_configs: jobs.map(({ file_sd_configs, ...job }) => job) }),
      { mechanisms: [], origin: 'test', directory: '/' },
    ).jobs;
    const promtool = await findPromtool(dirname(requireProgram('promtool')));
    const wrong = await mapConcurrent(
      ours,
      8,
      AbortSignal.timeout(300_000),
      async ({ name, relabel_configs, scrapeLabels }, signal) => {
        const all = targets.map(({ targets: [address = ''], labels }) => {
          const __meta_filepath = `${place.folder}/targets.json`;
          const found = { ...labels, [addressLabel]: address, __meta_filepath };
          const trace = traceRelabel(found, relabel_configs, { ...scrapeLabels, ...timing });
          return textOf(trace.discovered, trace.labels);
        });
        const expected = [...new Set(all)].sort();
        let theirs: readonly string[] = [];
        for (const timeout of ['500ms', '3s', '20s']) {
          const found = await promtool?.discover(`${place.folder}/prometheus.yml`, name, { timeout, signal });
          theirs = (found ?? []).map(({ discovered, labels }) => textOf(discovered, labels)).sort();
          if (theirs.length === expected.length) break;
        }
        return JSON.stringify(theirs) === JSON.stringify(expected)
          ? []
          : [{ name, relabel_configs, theirs, expected }];
      },
    );
    expect(wrong.flat()).toEqual([]);
    // A step by the rules of another length must be in it, so that the comparison compares something.
    expect(ours.length).toBeGreaterThan(2 * lists.length);
  }, 300_000);
});

function textOf(discovered: LabelSet, labels: LabelSet | undefined): string {
  return `${encodeLabels(discovered)} → ${labels === undefined ? 'nothing' : encodeLabels(withoutMeta(labels))}`;
}

function withoutMeta(labels: LabelSet): LabelSet {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(metaPrefix)));
}
