import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config/load.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import type { LabelSet } from '../../lib/targets/group.ts';
import { relabel } from '../../lib/targets/relabel.ts';
import type { RelabelConfig } from '../../lib/targets/relabel-config.ts';
import { repeats } from '../support/counts.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, type PrometheusTargets, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { differences } from './follower.ts';
import { chosenRules, drawnRules } from './relabel-rules.ts';

const texts = [
  '',
  'a',
  'b',
  'web',
  'prod',
  'PROD-7',
  'dev;x',
  'a.b',
  'abcd',
  'two words',
  '42',
  'a\nb',
  '$1',
  'x:9',
  'K',
];
/** All letters that JavaScript gives another case. */
const cased = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((letter) => letter.toLowerCase() !== letter || letter.toUpperCase() !== letter);

const words = [
  'straße',
  'ẞ',
  'İstanbul',
  'ıI',
  'ΑΣ',
  'ς',
  'ﬁ',
  'ǅ',
  'ǆ',
  'é',
  'Ǆ',
  'ŉ',
  '😀',
  'Ⅷ',
  'ΐ',
  'ᾳ',
  'K',
  'Å',
  'ա',
  'Ꭰ',
  'ꭰ',
];
const targets = Array.from({ length: 30 }, (_, number) => ({
  targets: [number % 10 === 7 ? '' : `127.0.0.${number + 1}:1`],
  labels: {
    id: `t${number}`,
    __meta_name: nth(texts, number),
    __meta_env: nth(['prod', 'dev', '', 'größe'], number),
    __meta_letters: nth(words, number),
    __meta_cased: cased.slice(number * 110, number * 110 + 110).join(''),
    env: nth(['prod', 'dev', '', 'PROD', '😀'], number),
    '__meta_dotted.name': nth(['x', '', ''], number),
    __param_module: nth(['m', '', ''], number),
  },
}));

/** Random lists of rules beside the chosen ones. A release has to agree on 20,000: `MUSTER_RULE_SETS=20000`. */
const count = repeats(100, 'MUSTER_RULE_SETS');
const seed = Number(process.env.MUSTER_SEED ?? 1);
const jobs = [...chosenRules, ...drawnRules(count, seed)].map((relabel_configs, number) => ({
  job_name: `job-${number}`,
  relabel_configs,
}));
/** As many jobs as one Prometheus has at once. */
const batchSize = 500;
const batches = Array.from({ length: Math.ceil(jobs.length / batchSize) }, (_, number) =>
  jobs.slice(number * batchSize, (number + 1) * batchSize),
);

describeWithPrograms('relabelling, as a real Prometheus does it', ['prometheus'], () => {
  let place: Workplace;
  beforeAll(async () => {
    place = await makeWorkplace();
    await place.write('targets/all.json', targets);
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
  });

  test.each(batches.map((batch, number) => [number + 1, batch] as const))(
    'every target of every job ends with the same labels, or is dropped alike (part %i)',
    async (_, batch) => {
      const file_sd_configs = [{ files: [join(place.folder, 'targets/*.json')] }];
      const prometheus: Prometheus = await startPrometheus({
        global: { scrape_interval: '1h' },
        scrape_configs: batch.map((job) => ({ ...job, file_sd_configs })),
      });
      try {
        const rules = new Map(parse(batch).map((job) => [job.name, job.relabel_configs]));
        const ours = new Map(
          batch.map(({ job_name }) => [job_name, outcomes(place, job_name, rules.get(job_name) ?? [])]),
        );
        let found: PrometheusTargets = { activeTargets: [], droppedTargets: [] };
        // Prometheus takes the jobs up one after the other, and of each first what it drops.
        const wrong = async () => {
          found = await prometheus.targets();
          const theirs = outcomesByJob(found);
          return batch.flatMap(({ job_name, relabel_configs }) => {
            const lines = differences(ours.get(job_name) ?? [], theirs.get(job_name) ?? []);
            return lines.length === 0 ? [] : [JSON.stringify(relabel_configs), ...lines];
          });
        };
        expect(await polled(wrong, [])).toEqual([]);
        expect(found.activeTargets.length).toBeGreaterThan(batch.length * 15);
        expect(found.droppedTargets.length).toBeGreaterThan(batch.length);
      } finally {
        await prometheus.stop();
      }
    },
  );
});

function parse(scrape_configs: readonly object[]) {
  const options = { mechanisms: [], origin: 'test', directory: '/' };
  return parseConfig(JSON.stringify({ scrape_configs }), options).jobs;
}

/**
 * What becomes of each target: its labels, or that it is dropped. Prometheus merges targets of equal labels, and takes
 * up none without an address.
 */
function outcomes(place: Workplace, job: string, rules: readonly RelabelConfig[]): string[] {
  const all = targets.flatMap(({ targets: [address = ''], labels }) => {
    const __meta_filepath = join(place.folder, 'targets/all.json');
    const before = { ...defaults, job, __address__: address, __meta_filepath, ...labels };
    const after = relabel(before, rules);
    if (after === undefined) return [`dropped ${labels.id}`];
    return after.__address__ === undefined ? [] : [finalLabels(after)];
  });
  return [...new Set(all)].sort();
}

const defaults = {
  __scheme__: 'http',
  __metrics_path__: '/metrics',
  __scrape_interval__: '1h',
  __scrape_timeout__: '10s',
};

/** As Prometheus ends: without the labels that begin with two underscores, with an instance. */
function finalLabels(labels: LabelSet): string {
  const { instance = labels.__address__ ?? '', ...others } = labels;
  const visible = Object.entries({ ...others, instance }).filter(([name]) => !name.startsWith('__'));
  return encodeLabels(Object.fromEntries(visible));
}

function outcomesByJob({ activeTargets, droppedTargets }: PrometheusTargets): Map<string, readonly string[]> {
  const all = [
    ...activeTargets.map(({ scrapePool, labels }) => ({ scrapePool, text: encodeLabels(labels) })),
    ...droppedTargets.map(({ scrapePool = '', discoveredLabels }) => ({
      scrapePool,
      text: `dropped ${discoveredLabels.id}`,
    })),
  ];
  const byJob = Map.groupBy(all, ({ scrapePool }) => scrapePool);
  return new Map(
    Array.from(byJob, ([job, outcomes]) => [job, [...new Set(outcomes.map(({ text }) => text))].sort()]),
  );
}

function nth(items: readonly string[], number: number): string {
  return items[number % items.length] ?? '';
}
