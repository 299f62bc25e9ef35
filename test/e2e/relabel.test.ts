import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseConfig } from '../../lib/config/load.ts';
import { encodeLabels } from '../../lib/target/canonical.ts';
import type { LabelSet } from '../../lib/target/group.ts';
import { relabel } from '../../lib/target/relabel.ts';
import type { RelabelConfig } from '../../lib/target/relabel-config.ts';
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
  targets: [`127.0.0.${number + 1}:1`],
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

const jobs = [...chosenRules, ...drawnRules(200)].map((relabel_configs, number) => ({
  job_name: `job-${number}`,
  relabel_configs,
}));

describeWithPrograms('relabelling, as a real Prometheus does it', ['prometheus'], () => {
  let place: Workplace;
  let prometheus: Prometheus;
  beforeAll(async () => {
    place = await makeWorkplace();
    await place.write('targets/all.json', targets);
    const file_sd_configs = [{ files: [join(place.folder, 'targets/*.json')] }];
    prometheus = await startPrometheus({
      global: { scrape_interval: '1h' },
      scrape_configs: jobs.map((job) => ({ ...job, file_sd_configs })),
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  test('every target of every job ends with the same labels, or is dropped alike', async () => {
    const rules = new Map(parse(jobs).map((job) => [job.name, job.relabel_configs]));
    const ours = new Map(
      jobs.map(({ job_name }) => [job_name, outcomes(place, job_name, rules.get(job_name) ?? [])]),
    );
    let found: PrometheusTargets = { activeTargets: [], droppedTargets: [] };
    // Prometheus takes the jobs up one after the other, and of each first what it drops.
    const wrong = async () => {
      found = await prometheus.targets();
      return jobs.flatMap(({ job_name, relabel_configs }) => {
        const lines = differences(ours.get(job_name) ?? [], outcomesOf(found, job_name));
        return lines.length === 0 ? [] : [JSON.stringify(relabel_configs), ...lines];
      });
    };
    expect(await polled(wrong, [])).toEqual([]);
    expect(found.activeTargets.length).toBeGreaterThan(5000);
    expect(found.droppedTargets.length).toBeGreaterThan(500);
  });
});

function parse(scrape_configs: readonly object[]) {
  const options = { mechanisms: [], origin: 'test', directory: '/' };
  return parseConfig(JSON.stringify({ scrape_configs }), options).jobs;
}

/** What becomes of each target: its labels, or that it is dropped. Prometheus merges targets of equal labels. */
function outcomes(place: Workplace, job: string, rules: readonly RelabelConfig[]): string[] {
  const all = targets.map(({ targets: [address = ''], labels }) => {
    const __meta_filepath = join(place.folder, 'targets/all.json');
    const before = { ...defaults, job, __address__: address, __meta_filepath, ...labels };
    const after = relabel(before, rules);
    return after === undefined ? `dropped ${labels.id}` : finalLabels(after);
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

function outcomesOf({ activeTargets, droppedTargets }: PrometheusTargets, job: string): string[] {
  const active = activeTargets.filter(({ scrapePool }) => scrapePool === job);
  const dropped = droppedTargets.filter(({ scrapePool }) => scrapePool === job);
  return [
    ...new Set([
      ...active.map(({ labels }) => encodeLabels(labels)),
      ...dropped.map(({ discoveredLabels }) => `dropped ${discoveredLabels.id}`),
    ]),
  ].sort();
}

function nth(items: readonly string[], number: number): string {
  return items[number % items.length] ?? '';
}
