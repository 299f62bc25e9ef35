import { findDrift } from '../adopt/drift.ts';
import { mechanisms as known } from '../backends/registry.ts';
import { toMusterError } from '../base/errors.ts';
import { formatProblems } from '../config/problem.ts';
import { shortestRefresh } from '../config/sd-config.ts';
import { reviewLeaving } from '../cycle/leaving.ts';
import { resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { waitingCostHint } from '../lambda/schedule.ts';
import { type App, loadApp } from '../run/app.ts';
import type { AppProvider } from '../run/providers.ts';
import { metricsKey } from '../targets/keys.ts';
import { leavingText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { counted, leftAloneText, printable, printTable } from './output.ts';

/** `muster check` */
export const check = defineCommand({
  name: 'check',
  description:
    'Reads the configuration, reports all problems at once, and lists its jobs, providers and kube-state outputs. It calls\n' +
    'no backend. It asks the store which providers the configuration would retire, and when; --offline leaves that out.\n' +
    'With --prometheus it warns where the rules of a job differ in prometheus.yml; with --strict that is an error.',
  examples: [
    'muster check -c muster.yml',
    'muster check -c muster.yml --offline',
    'muster check -c muster.yml --prometheus prometheus.yml',
    'muster check -c muster.yml --output json',
  ],
  options: {
    config: shared.config,
    strict: shared.strict,
    prometheus: { value: 'FILE', help: 'Warn where the rules of this prometheus.yml differ.' },
    offline: { help: 'Do not ask the store.' },
    output: shared.output,
  },
  async run({ config, strict, prometheus, offline, output }, io) {
    const app = await loadApp(config, { ...io, strict });
    await using store = app.store;
    const { providers, outputs, storeConfig, leftAlone } = app;
    const rows = providers.map(({ job, provider, mechanism, refreshInterval, shards, deadline }) => ({
      kind: 'provider',
      ...{ job, provider, mechanism },
      refresh_interval_seconds: refreshInterval / 1000,
      deadline_seconds: deadline / 1000,
      shards,
    }));
    const written = outputs.map(({ object, refreshInterval, deadline }) => ({
      kind: 'output',
      output: object,
      refresh_interval_seconds: refreshInterval / 1000,
      deadline_seconds: deadline / 1000,
    }));
    if (output === 'json') await io.out(`${JSON.stringify([...rows, ...written], undefined, 2)}\n`);
    else if (rows.length + written.length === 0) io.err('The configuration has no job with a provider.\n');
    if (output === 'table' && rows.length > 0) {
      const times = rows.map((one) => [one.job, one.provider, ...timesOf(one), String(one.shards)]);
      await printTable(io, ['JOB', 'PROVIDER', 'EVERY', 'DEADLINE', 'FILES'], times);
    }
    if (output === 'table' && written.length > 0) {
      const times = written.map((one) => [one.output, ...timesOf(one), metricsKey(one.output)]);
      if (rows.length > 0) await io.out('\n');
      await printTable(io, ['OUTPUT', 'EVERY', 'DEADLINE', 'OBJECT'], times);
    }
    const counts = [
      counted(new Set(rows.map(({ job }) => job)).size, 'job'),
      counted(rows.length, 'provider'),
      ...(written.length > 0 ? [counted(written.length, 'kube-state output')] : []),
    ];
    io.err(`${config} is valid: ${counts.join(', ')}, store ${store.url}\n`);
    io.err(leftAloneText(leftAlone));
    io.err(hintOnLoad(providers));
    // With a store in a folder, on your own machine, waiting costs nothing.
    if (storeConfig.kind === 's3') io.err(hintsOnFunctions(providers, outputs));
    io.err(hintOnRules(providers));
    io.err(hintsOnTwins(providers));
    const hasDrifted = prometheus !== undefined && (await printDrift(app, prometheus, io));
    if (!offline && !app.isEmpty) await printLeaving(app, io);
    return hasDrifted && strict ? exitCodes.failed : exitCodes.good;
  },
});

/** Warns of jobs whose rules differ in Prometheus, and returns whether there are any. */
async function printDrift({ jobs }: App, prometheus: string, io: Io): Promise<boolean> {
  const { origin, problems } = await findDrift(jobs, prometheus);
  const lines = problems.length === 0 ? [] : formatProblems(origin, problems).split('\n');
  for (const line of lines) io.err(`Warning: ${line}\n`);
  if (lines.length === 0) io.err(`${prometheus} has the rules of muster.yml\n`);
  return lines.length > 0;
}

/** Milliseconds until the check stops waiting for the store: it may run without credentials. */
const storeTimeout = 5000;

/** Prints what the configuration would retire. The check does not fail if the store does not answer. */
async function printLeaving({ providers, retireRules, owner, store }: App, io: Io): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(storeTimeout)]);
  try {
    await checkOwnership(providers, { store, signal, owner, dryRun: true });
    const named = await resolveNames(providers, { store, signal });
    const look = { store, signal, now: new Date(), dryRun: true };
    for (const one of await reviewLeaving(named, retireRules, look))
      io.err(`Hint: ${leavingText(one, 'would be retired')}`);
  } catch (error) {
    io.err(
      `Hint: the store was not asked what would be retired (--offline leaves it out): ${toMusterError(error).message}\n`,
    );
  }
}

/** The default schedule of serverless.yml. */
const schedule = 'rate(1 minute)';

/** Hints for AWS functions: which ones are needed, and which intervals cost more than expected. */
function hintsOnFunctions(providers: readonly AppProvider[], outputs: readonly KubeStateOutput[]): string {
  const mechanisms = new Set(providers.map(({ mechanism }) => mechanism));
  const own = known.map(({ name }) => name).filter((name) => mechanisms.has(name));
  const backends = [...own, ...(outputs.length > 0 ? ['kube-state'] : [])].sort();
  const foreign = [...mechanisms].filter((name) => !own.includes(name)).sort();
  if (backends.length + foreign.length === 0) return '';
  const waiting = waitingCostHint(
    [
      ...providers.map(({ job, provider, refreshInterval }) => ({
        name: `${job}/${provider}`,
        refreshInterval,
      })),
      ...outputs.map(({ object, refreshInterval }) => ({ name: `kube state ${object}`, refreshInterval })),
    ],
    schedule,
  );
  const hints = [
    ...(backends.length > 0 ? [`on AWS it needs osls deploy --param="backends=${backends.join(',')}"`] : []),
    ...foreign.map((name) => `on AWS ${name} needs your own function, made with backendFunction`),
    ...(waiting ? [waiting] : []),
  ];
  return hints.map((hint) => `Hint: ${printable(hint)}\n`).join('');
}

/** Hints about equal SD configs in one job. */
function hintsOnTwins(providers: readonly AppProvider[]): string {
  const hints = providers.flatMap(({ job, provider, mechanism, copies, twin }) => [
    ...(copies === undefined
      ? []
      : [
          `${job}/${provider} is ${copies === 2 ? 'twice' : `${copies} times`} in its job, and is listed once`,
        ]),
    ...(twin === undefined
      ? []
      : [
          `${job}/${provider} lists the same from the same server as another SD config of its job, and differs from it only ` +
            `by its position: give it a name, as in muster: {name: ${mechanism}-eu}`,
        ]),
  ]);
  return hints.map((hint) => `Hint: ${printable(hint)}\n`).join('');
}

/** A hint how to change to `relabel: publish` in a job that Prometheus may already scrape; empty without such a job. */
function hintOnRules(providers: readonly AppProvider[]): string {
  const jobs = [...new Set(providers.filter(({ rulesRun }) => rulesRun).map(({ job }) => job))];
  if (jobs.length === 0) return '';
  return (
    `Hint: Muster runs the relabel_configs of ${printable(jobs.join(', '))} (relabel: publish). If Prometheus runs them too, they ` +
    'read __meta_ labels that are gone, and overwrite good labels with nothing. To change a job that is scraped: ' +
    '1. add it here a second time under another name, with "relabel: publish"; 2. in prometheus.yml, in one reload, let ' +
    'the job read the new files and remove its relabel_configs; 3. remove the old job here\n'
  );
}

/** A hint about providers that are listed at the shortest interval; empty if there are none. */
function hintOnLoad(providers: readonly AppProvider[]): string {
  const [first, ...others] = providers
    .filter(({ refreshInterval }) => refreshInterval <= shortestRefresh)
    .map(({ job, provider }) => `${job}/${provider}`);
  if (first === undefined) return '';
  const rest = others.length === 0 ? ' is' : ` and ${counted(others.length, 'other provider')} are`;
  return `Hint: ${printable(first)}${rest} listed every second, the shortest interval: "refresh_interval: 0s" means 1s\n`;
}

interface Times {
  readonly refresh_interval_seconds: number;
  readonly deadline_seconds: number;
}

function timesOf({ refresh_interval_seconds, deadline_seconds }: Times): readonly string[] {
  return [`${refresh_interval_seconds}s`, `${deadline_seconds}s`];
}
