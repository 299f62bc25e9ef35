import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../lib/config/load.ts';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { explainTargets } from '../../lib/run/explain.ts';
import { type JobRules, readQuestion } from '../../lib/run/question.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import type { LabelSet, TargetGroup } from '../../lib/targets/group.ts';
import { type ProviderId, targetsKey } from '../../lib/targets/keys.ts';
import { relabel } from '../../lib/targets/relabel.ts';
import { draws } from '../support/counts.ts';
import { inputOf, providerOf } from '../support/provider.ts';

/**
 * A world is a handful of listings of three providers, one after the other. The oracle keeps every published list aside
 * as plain label sets, and answers by looking at all of them.
 */

const providers: readonly ProviderId[] = [
  { job: 'node', provider: 'consul-0' },
  { job: 'node', provider: 'consul-1' },
  { job: 'web', provider: 'nomad-0' },
];

interface Place {
  readonly host: number;
  readonly port: number;
  readonly env: string;
}

const envs = ['prod', 'dev', 'test'];
const place = fc.record({
  host: fc.integer({ min: 1, max: 6 }),
  port: fc.integer({ min: 1, max: 2 }),
  env: fc.constantFrom(...envs),
});
const listing = fc.uniqueArray(place, { maxLength: 9, selector: ({ host, port }) => `${host}:${port}` });
const worlds = fc.array(
  fc.record({ provider: fc.integer({ min: 0, max: 2 }), listing, minutes: fc.constantFrom(1, 5, 60) }),
  { minLength: 3, maxLength: 14 },
);

const ruleLists = [
  [],
  [{ action: 'drop', source_labels: ['env'], regex: 'dev' }],
  [
    { source_labels: ['env'], target_label: 'stage', regex: '(p.*|t.*)' },
    { action: 'labeldrop', regex: 'env' },
    { action: 'keep', source_labels: ['stage'], regex: '.+' },
  ],
  [
    { source_labels: ['__address__'], regex: '(.*):1', target_label: 'first', replacement: '$1' },
    { action: 'keep', source_labels: ['first', 'env'], separator: '', regex: '.+(prod|dev)' },
    { source_labels: ['first'], regex: '', target_label: '__address__', replacement: '' },
  ],
].map((relabel_configs, index) => ({ job_name: `rules-${index}`, relabel_configs }));
const jobs = parseConfig(JSON.stringify({ scrape_configs: ruleLists }), {
  mechanisms: [],
  origin: 'test',
  directory: '/',
}).jobs;
const rules = fc
  .record({ job: fc.constantFrom(...jobs), run: fc.constantFrom('prometheus' as const, 'muster' as const) })
  .map(({ job, run }): JobRules => ({ rules: job.relabel_configs, scrapeLabels: { job: 'the-job' }, run }));

const address = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 2 }));
const questions = fc.oneof(
  address.map(([host, port]) => [`10.0.0.${host}:${port}`]),
  address.map(([host]) => [`10.0.0.${host}`]),
  fc.constantFrom(...envs, 'none').map((env) => [`env=${env}`]),
  fc.constantFrom('stage=prod', 'stage=test', 'first=10.0.0.2', 'job=the-job').map((term) => [term]),
  fc
    .tuple(address, fc.constantFrom(...envs))
    .map(([[host, port], env]) => [`10.0.0.${host}:${port}`, `env=${env}`]),
);

/** What the oracle keeps of a provider. */
interface Kept {
  /** The published list of each version, from the empty one of version 0 on. */
  readonly lists: LabelSet[][];
  readonly times: string[];
  listed: readonly Place[];
}

test('the answer is right for random worlds, rules and questions, by an oracle that has kept every list', async () => {
  let published = 0;
  let gone = 0;
  let held = 0;
  await fc.assert(
    fc.asyncProperty(
      worlds,
      rules,
      fc.array(questions, { minLength: 5, maxLength: 5 }),
      async (steps, jobRules, asked) => {
        await using store = createMemoryStore();
        const kept = await replay(store, steps);
        for (const words of asked) {
          const answer = await explainTargets(readQuestion(words), {
            ...{ store, providers, rulesOf: () => jobRules },
            signal: new AbortController().signal,
          });
          const expected = oracle(words, kept, jobRules);
          expect({ words, answer: plain(answer) }).toEqual({ words, answer: expected });
          published += expected.published.length;
          gone += expected.departures.length;
          held += expected.published.filter((one) => one.held).length;
        }
      },
    ),
    { numRuns: draws(100) },
  );
  // The worlds hold what the answers are about.
  expect(Math.min(published, gone, held)).toBeGreaterThan(draws(20));
}, 300_000);

async function replay(
  store: ObjectStore,
  steps: readonly {
    readonly provider: number;
    readonly listing: readonly Place[];
    readonly minutes: number;
  }[],
): Promise<readonly Kept[]> {
  const kept = providers.map((): Kept => ({ lists: [[]], times: [''], listed: [] }));
  let now = Date.UTC(2026, 0, 1);
  for (const step of steps) {
    now += step.minutes * 60_000;
    const id = providers[step.provider];
    const own = kept[step.provider];
    if (id === undefined || own === undefined) continue;
    const at = new Date(now);
    const result = await runCycle(
      { ...providerOf(() => groupsOf(step.listing)), ...id },
      { ...inputOf(store), now: () => at },
    );
    own.listed = step.listing;
    if (result.outcome !== 'published') continue;
    const file = await store.get(targetsKey(id));
    const list = decodeFileSd(file?.body ?? new Uint8Array()).flatMap(({ targets, labels }) =>
      targets.map((target) => ({ ...labels, __address__: target })),
    );
    own.lists[result.version] = list;
    own.times[result.version] = at.toISOString();
  }
  return kept;
}

/** Hosts are groups, so that several targets share one. */
function groupsOf(places: readonly Place[]): TargetGroup[] {
  return [...Map.groupBy(places, ({ host }) => host)].map(([host, all]) => ({
    source: `host-${host}`,
    labels: { __meta_host: `h${host}` },
    targets: all.map(({ port, env }) => ({ __address__: `10.0.0.${host}:${port}`, env })),
  }));
}

function oracle(words: readonly string[], kept: readonly Kept[], { rules, run, scrapeLabels }: JobRules) {
  const after = (labels: LabelSet) => {
    let current: LabelSet | undefined = { ...scrapeLabels, ...labels };
    let steps = 0;
    for (const one of run === 'muster' ? [] : rules) {
      steps++;
      current = relabel(current, [one]);
      if (current === undefined) return { dropped: steps, labels: undefined };
    }
    return { dropped: 0, labels: current };
  };
  const isMeant = (labels: LabelSet) => {
    const isNamed = (word: string, of: LabelSet) => {
      const [name = '', value] = word.split('=');
      if (value !== undefined) return of[name] === value;
      return of.__address__ === word || of.__address__?.split(':')[0] === word;
    };
    const open = words.filter((word) => !isNamed(word, labels));
    const made = after(labels).labels;
    return open.every((word) => word.includes('=') && made !== undefined && isNamed(word, made));
  };
  const addresses = (list: readonly LabelSet[] = []) => list.map((labels) => labels.__address__ ?? '');
  const published = kept.flatMap(({ lists, times, listed }, index) => {
    const now = lists.at(-1) ?? [];
    return now.filter(isMeant).map((labels) => {
      const name = labels.__address__ ?? '';
      let since = lists.length - 1;
      while (addresses(lists[since - 1]).includes(name)) since--;
      const { dropped, labels: made } = after(labels);
      const isListed = listed.some(({ host, port }) => `10.0.0.${host}:${port}` === name);
      const outcome = dropped > 0 ? 'dropped' : made?.__address__ === undefined ? 'refused' : 'kept';
      const rule = dropped > 0 ? dropped : (run === 'muster' ? [] : rules).length;
      return { ...{ ...providers[index], labels, since, at: times[since] }, held: !isListed, outcome, rule };
    });
  });
  const departures =
    published.length > 0
      ? []
      : kept.flatMap(({ lists, times }, index) => {
          const last = lists.findLastIndex((list) => list.some(isMeant));
          if (last < 0) return [];
          const [before = [], next = []] = lists.slice(last);
          const meant = before.filter(isMeant);
          const missing = before.filter((labels) => !addresses(next).includes(labels.__address__ ?? ''));
          const left = meant.filter((labels) => missing.includes(labels));
          return [
            {
              ...{ ...providers[index], version: last + 1, at: times[last + 1] },
              kind: left.length === 0 ? 'changed' : 'left',
              targets: sorted(left.length === 0 ? meant : left),
              others: left.length === 0 ? 0 : missing.length - left.length,
            },
          ];
        });
  return { published: sorted(published), departures: sorted(departures) };
}

function plain({ published, departures }: Awaited<ReturnType<typeof explainTargets>>) {
  return {
    published: sorted(
      published.map(({ job, provider, labels, since, held, trace }) => ({
        ...{ job, provider, labels, since: since?.version, at: since?.at },
        held: held !== undefined,
        outcome: trace?.outcome,
        rule: trace?.steps.length,
      })),
    ),
    departures: sorted(
      departures.map(({ job, provider, version, at, kind, targets, others }) => ({
        ...{ job, provider, version, at, kind, targets: sorted(targets.map(({ labels }) => labels)), others },
      })),
    ),
  };
}

/** In any order that is the same for both sides. */
function sorted<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, text: text(item) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item);
}

function text(item: unknown): string {
  return JSON.stringify(item, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
