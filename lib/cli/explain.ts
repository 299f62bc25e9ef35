import { mapConcurrent } from '../base/concurrency.ts';
import { printRule } from '../config/relabel.ts';
import { listJournals } from '../cycle/history.ts';
import { resolveNames } from '../cycle/naming.ts';
import { listProviders } from '../cycle/status.ts';
import { readApp } from '../run/app.ts';
import { explainTargets } from '../run/explain.ts';
import { lookLive } from '../run/live-look.ts';
import { selectProviders } from '../run/providers.ts';
import { type JobRules, type Near, openNear, readQuestion } from '../run/question.ts';
import { statusKey } from '../targets/keys.ts';
import type { RelabelTrace } from '../targets/relabel.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { type Answer, answerLines } from './explain-text.ts';
import { openView } from './open-view.ts';
import { shared } from './options.ts';

/** `muster explain` */
export const explain = defineCommand({
  name: 'explain',
  description:
    'Says what happened to a target: where it is published and since when, with its labels before and after each rule; or\n' +
    'when and why it left, and what left with it; and which similar targets there are. Name a target by its address,\n' +
    'with or without its port, or by labels, as they are published or as the rules make them: pod=web-1 is short for\n' +
    '__meta_kubernetes_pod_name=web-1. All terms must match. Reads only the bucket; --live asks the backends too.\n' +
    '--prometheus reads the rules of a prometheus.yml. Exits with 0 for every answer.',
  examples: [
    'muster explain 10.0.0.7:9100 -c muster.yml',
    'muster explain namespace=shop pod=web-1 --live',
    'muster explain 10.0.0.7 --job node --prometheus /etc/prometheus/prometheus.yml',
  ],
  argument: 'TARGET|LABEL=VALUE…',
  mostArguments: 20,
  options: {
    config: shared.config,
    store: shared.store,
    job: shared.job,
    provider: shared.provider,
    live: { help: 'List the backends once, to see what they have now. Writes nothing.' },
    prometheus: { value: 'FILE', help: 'Take the rules of the jobs from this prometheus.yml.' },
    output: shared.output,
  },
  async run({ config, store: url, job, provider, live, prometheus, output }, io, first, more) {
    if (first === undefined)
      throw new UsageError('name a target, as in 10.0.0.7:9100, or a label, as in pod=web-1');
    if (live && url !== undefined) throw new UsageError('--live needs the configuration: leave out --store');
    const view = await openView('explain', { location: config, url }, io);
    await using store = view.store;
    const { signal } = io;
    const rules = await readRules(view.configured?.jobs ?? [], prometheus, io);
    const question = readQuestion([first, ...more]);
    const stored = [
      ...(await listProviders({ store, signal })),
      ...(await listJournals({ store, signal }, job)),
    ];
    const known = new Map(stored.map((id) => [statusKey(id), { job: id.job, provider: id.provider }]));
    const named = await resolveNames(view.configured?.providers ?? [], { store, signal });
    for (const one of named) known.set(statusKey(one), { job: one.job, provider: one.provider });
    const providers = selectProviders(
      [...known.values()],
      { job, provider },
      view.configured ? undefined : 'store',
    );
    const rulesOf = (name: string) => rules.offline.get(name);
    const explanation = await explainTargets(question, { store, signal, providers, rulesOf });
    const near = openNear(question);
    const chosen = live
      ? named.filter((one) => (job ?? one.job) === one.job && (provider ?? one.provider) === one.provider)
      : [];
    const looks = await mapConcurrent(chosen, 4, signal, (one, each) =>
      lookLive(one, question, { rules: rules.live.get(one.job), near, signal: each }),
    );
    const answer: Answer = {
      ...{ question, explanation, live: live ? looks : undefined },
      nearest: explanation.published.length > 0 ? [] : mergeNear(explanation.nearest, near.found()),
      publishes: new Set([...rules.offline].flatMap(([name, { run }]) => (run === 'muster' ? [name] : []))),
      now: new Date(),
    };
    const lines = answerLines(answer, io);
    if (output === 'table') await io.out(`${lines.words.join('\n')}\n${lines.details.join('')}`);
    else await io.out(`${JSON.stringify(elements(answer, lines.words), undefined, 2)}\n`);
    return exitCodes.good;
  },
});

interface AllRules {
  /** What the rules do with a published target. */
  readonly offline: ReadonlyMap<string, JobRules>;
  /** What the rules do with a target of a backend, wherever they run. */
  readonly live: ReadonlyMap<string, JobRules>;
}

type Rules = Pick<
  Awaited<ReturnType<typeof readApp>>['jobs'][number],
  'name' | 'relabel' | 'relabel_configs' | 'scrapeLabels'
>;

/** The rules of each job: those of the configuration, or those of `--prometheus` if Prometheus runs them. */
async function readRules(jobs: readonly Rules[], file: string | undefined, io: Io): Promise<AllRules> {
  const theirs = file === undefined ? [] : (await readApp(file, io)).jobs;
  const offline = new Map<string, JobRules>();
  const live = new Map<string, JobRules>();
  for (const { name, relabel, relabel_configs: rules, scrapeLabels } of jobs) {
    const run = relabel === 'publish' ? 'muster' : 'prometheus';
    offline.set(name, { rules, scrapeLabels, run });
    live.set(name, { rules, scrapeLabels, run: 'prometheus' });
  }
  for (const { name, relabel_configs: rules, scrapeLabels } of theirs) {
    const isMuster = offline.get(name)?.run === 'muster';
    if (isMuster) continue;
    offline.set(name, { rules, scrapeLabels, run: 'prometheus' });
    live.set(name, { rules, scrapeLabels, run: 'prometheus' });
  }
  return { offline, live };
}

/** Each text once, the nearest first. */
function mergeNear(...lists: readonly (readonly Near[])[]): readonly Near[] {
  const all = new Map(lists.flat().map((near) => [near.text, near]));
  return [...all.values()].sort((a, b) => a.distance - b.distance).slice(0, 3);
}

/** The answer as plain data, an element for each fact. */
function elements(
  { question, explanation, live = [], nearest }: Answer,
  words: readonly string[],
): readonly object[] {
  return [
    { kind: 'answer', question: question.text, text: words },
    ...explanation.published.map(({ trace, ...rest }) => ({
      kind: 'published-target',
      ...rest,
      relabel: trace && traceData(trace),
    })),
    ...explanation.departures.map(({ trace, kind, ...rest }) => ({
      kind: 'departure',
      how: kind,
      ...rest,
      relabel: trace && traceData(trace),
    })),
    ...live.map(({ error, found, ...rest }) => ({
      kind: 'live-listing',
      ...rest,
      found: found.map(({ trace, ...one }) => ({ ...one, relabel: trace && traceData(trace) })),
      error: error && { kind: error.kind, message: error.message },
    })),
    ...nearest.map(({ kind, ...rest }) => ({ kind: `nearest-${kind}`, ...rest })),
    ...explanation.looked.map(({ status, ...rest }) => ({
      kind: 'provider',
      ...rest,
      last_success: status?.last_success,
      ...(status?.error && { error: status.error }),
    })),
  ];
}

function traceData({ outcome, refusal, discovered, steps, labels }: RelabelTrace): object {
  return {
    ...{ outcome, refusal, discovered, labels },
    steps: steps.map(({ rule, value, changes, drops }) => ({ rule: printRule(rule), value, changes, drops })),
  };
}
