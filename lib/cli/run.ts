import { setTimeout as sleep } from 'node:timers/promises';
import { errorData, toMusterError } from '../base/errors.ts';
import { type LogFormat, silentLogger } from '../base/logger.ts';
import { version } from '../base/version.ts';
import { formatDuration } from '../config/fields.ts';
import type { RetireRules } from '../cycle/leaving.ts';
import { type Resolved, resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { retireOutputs } from '../kube-state/stored.ts';
import { type App, loadApp } from '../run/app.ts';
import { type OutputResult, outputOnce } from '../run/kube-state-cycle.ts';
import { makePlan } from '../run/plan.ts';
import { type CyclesInput, cycleOnce } from '../run/provider-cycle.ts';
import { type AppProvider, selectProviders } from '../run/providers.ts';
import { retireLeft } from '../run/retirement.ts';
import { type Member, runGroups } from '../run/together.ts';
import { leavingText } from './change-text.ts';
import { defineCommand, type ExitCode, exitCodes, type Io, UsageError } from './command.ts';
import { logOf, readDuration, shared } from './options.ts';
import { openProgress, printTable } from './output.ts';
import { planExit, printPlan, progressOn } from './plan.ts';
import { cycleData, planRow } from './plan-text.ts';

/** The most groups of providers whose cycles run at once. */
const concurrency = 4;

/** `muster run` */
export const run = defineCommand({
  name: 'run',
  description:
    'Runs one cycle of each provider: lists its targets, compares them with the last version, commits the change and\n' +
    'publishes it. Without --job and --provider it also publishes kube-state outputs, and retires providers that left the\n' +
    'configuration more than retire_after ago. Exits with 1 when a cycle failed; targets that the gate holds are no failure.\n' +
    'With --loop it does so at every interval, reads the configuration each time, logs, and ends in order on SIGTERM: what\n' +
    'is under way may finish within --grace. SIGHUP starts the next round at once.',
  examples: [
    'muster run -c muster.yml',
    'muster run --job api --dry-run',
    'muster run --loop --interval 1m --log-format json',
  ],
  options: {
    config: shared.config,
    strict: shared.strict,
    job: shared.job,
    provider: shared.provider,
    'dry-run': { help: 'Print the change, write nothing.' },
    'take-over': {
      help: "Take over a store that has another configuration's providers.",
    },
    loop: { env: 'MUSTER_LOOP', help: 'Go on at every interval, for a machine without a scheduler.' },
    interval: {
      value: 'DURATION',
      env: 'MUSTER_RUN_INTERVAL',
      default: '1m',
      help: 'With --loop: time from the start of a round to that of the next.',
    },
    grace: {
      value: 'DURATION',
      env: 'MUSTER_GRACE',
      default: '20s',
      help: 'With --loop: how long a round may take to finish after SIGTERM.',
    },
    'log-format': shared.logFormat,
    output: shared.output,
  },
  async run(values, io) {
    const { loop, 'dry-run': dryRun, output } = values;
    if (!loop) return runOnce(values, io);
    if (dryRun) throw new UsageError('--dry-run shows one round: leave --loop out');
    if (output !== 'table')
      throw new UsageError('--loop logs: --log-format json is what --output json is elsewhere');
    return runForever(values, io, {
      interval: readDuration('interval', values.interval, 1000),
      grace: readDuration('grace', values.grace, 0),
    });
  },
});

/** The options of a round from the command line. */
interface RoundValues {
  readonly config: string;
  readonly strict: boolean;
  readonly job: string | undefined;
  readonly provider: string | undefined;
  readonly 'dry-run': boolean;
  readonly 'take-over': boolean;
  readonly 'log-format': LogFormat;
  readonly output: 'table' | 'json';
}

/** Runs one round and prints it. */
async function runOnce(values: RoundValues, io: Io): Promise<ExitCode> {
  const { config, strict, job, provider, 'dry-run': dryRun, 'take-over': takeOver, output } = values;
  const app = await loadApp(config, { ...io, strict });
  await using store = app.store;
  const { signal } = io;
  if (dryRun) {
    const input = { signal, job, provider, takeOver, openProgress: progressOn(io) };
    const made = await makePlan({ ...app, store }, input);
    await printPlan(made, { command: 'run', output }, io);
    return planExit(made, io);
  }
  // The command prints what a log would say about a cycle.
  const input = { store, log: silentLogger, signal };
  const round = await runCycles(app, values, input, io);
  const { everything, named, results } = round;
  const outputs = everything ? await runOutputs(app, io) : [];
  try {
    if (everything && !signal.aborted) {
      await retire(named, app.retireRules, input, io);
      await retireLeftOutputs(app, io);
    }
  } finally {
    if (app.isEmpty && output === 'table')
      io.err('The configuration has no job with a provider: nothing was done.\n');
    await print(results, outputs, output, io);
  }
  const good = !signal.aborted && [...results, ...outputs].every(({ outcome }) => outcome !== 'failed');
  return good ? exitCodes.good : exitCodes.failed;
}

/** Runs a cycle of each provider that is selected. */
async function runCycles(
  app: App,
  { job, provider, 'take-over': takeOver }: RoundValues,
  input: CyclesInput,
  io: Io,
) {
  const { store, signal } = input;
  await store.verify({ signal });
  await checkOwnership(app.providers, { store, signal, owner: app.owner, takeOver });
  const named = await resolveNames(app.providers, { store, signal });
  const selected = selectProviders(named, { job, provider });
  const hasOthers = named.length > 1;
  const run = (member: Member<Resolved<AppProvider>>) => cycleWithProgress(member, input, hasOthers, io);
  const results = await runGroups(selected, run, { concurrency, signal });
  return { everything: job === undefined && provider === undefined, named, results };
}

/**
 * Runs round after round until the signal fires. An error before the first round ends the command; later the store and
 * the configuration may be missing for a while. A store is locked by its own conditional writes, so that two loops, or
 * one beside a scheduled run, do no harm.
 */
async function runForever(
  values: RoundValues,
  io: Io,
  { interval, grace }: { readonly interval: number; readonly grace: number },
): Promise<ExitCode> {
  const log = logOf(io, values['log-format']);
  const ending = new AbortController();
  io.signal.addEventListener('abort', () => setTimeout(() => ending.abort(), grace).unref(), { once: true });
  let hangup = new AbortController();
  io.onHangup?.(() => {
    log.info('the next round starts at once');
    hangup.abort();
  });
  log.info('started', { muster: version });
  for (let round = 1; !io.signal.aborted; round += 1) {
    const startedAt = performance.now();
    hangup = new AbortController();
    try {
      await logRound(values, { ...io, log, signal: ending.signal, errIsTerminal: false });
    } catch (error) {
      if (round === 1 || error instanceof UsageError) throw error;
      log.error(`the round failed: ${toMusterError(error).message}`);
    }
    const wait = Math.max(0, startedAt + interval - performance.now());
    const end = AbortSignal.any([io.signal, hangup.signal]);
    if (!end.aborted) await sleep(wait, undefined, { signal: end }).catch(() => undefined);
  }
  log.info('ended');
  return exitCodes.good;
}

/** The same as `runOnce`, for a log. */
async function logRound(values: RoundValues, io: Io): Promise<void> {
  const { log, signal } = io;
  const app = await loadApp(values.config, { ...io, strict: values.strict });
  await using store = app.store;
  const input = { store, log, signal };
  const { everything, named } = await runCycles(app, values, input, io);
  if (!everything) return;
  for (const output of app.outputs) if (!signal.aborted) await outputOnce(output, input);
  if (signal.aborted) return;
  await retireLeft(named, app.retireRules, input);
  await retireOutputs(app, input);
}

async function cycleWithProgress(
  { provider: { stored, ...provider }, beforeListing }: Member<Resolved<AppProvider>>,
  input: CyclesInput,
  hasOthers: boolean,
  io: Io,
): Promise<CycleResult> {
  const progress = openProgress(io, `${provider.job}/${provider.provider}`);
  try {
    return await cycleOnce(provider, input, { hasOthers, stored, beforeListing, onProgress: progress.show });
  } finally {
    progress.end();
  }
}

async function retire(
  providers: readonly AppProvider[],
  rules: RetireRules,
  input: CyclesInput,
  io: Io,
): Promise<void> {
  const { retired, waiting } = await retireLeft(providers, rules, input);
  for (const one of [...retired, ...waiting]) io.err(leavingText(one, 'retired'));
}

async function print(
  results: readonly CycleResult[],
  outputs: readonly OutputResult[],
  output: 'table' | 'json',
  io: Io,
): Promise<void> {
  for (const { job, provider, error } of results) {
    if (error !== undefined) io.err(`muster run: ${job}/${provider}: ${error.message}\n`);
  }
  for (const { error } of outputs) {
    if (error !== undefined) io.err(`muster run: ${error.message}\n`);
  }
  if (output === 'json') {
    const all = [...results.map(cycleData), ...outputs.map(outputData)];
    return io.out(`${JSON.stringify(all, undefined, 2)}\n`);
  }
  if (results.length > 0)
    await printTable(io, ['JOB', 'PROVIDER', 'OUTCOME', 'VERSION', 'TARGETS', ''], results.map(planRow), {
      last: 'prose',
    });
  if (outputs.length > 0 && results.length > 0) await io.out('\n');
  if (outputs.length > 0) await printOutputs(io, outputs);
}

/** Publishes the kube-state outputs, one after another, because each may take all the memory of a cycle. */
export async function runOutputs({ outputs, store }: App, { signal }: Io): Promise<readonly OutputResult[]> {
  const results: OutputResult[] = [];
  for (const output of outputs) {
    if (signal.aborted) break;
    results.push(await outputOnce(output, { store, log: silentLogger, signal }));
  }
  return results;
}

/** Removes the objects of outputs that left the configuration. */
async function retireLeftOutputs(app: App, { err, signal }: Io): Promise<void> {
  const { retired, leaving } = await retireOutputs(app, { store: app.store, log: silentLogger, signal });
  for (const output of retired) err(`kube-state ${output}: retired, it is no longer in the configuration\n`);
  for (const { output, stays } of leaving) {
    const time = formatDuration(Math.ceil(stays / 60_000) * 60_000);
    err(`kube-state ${output}: left the configuration, its text stays for another ${time}\n`);
  }
}

/** Prints the outputs as a table, for a person. */
export async function printOutputs(io: Io, results: readonly OutputResult[]): Promise<void> {
  const rows = results.map(({ output, outcome, published }) => [
    output,
    outcome,
    ...[published?.objects, published?.samples, published?.bytes].map((count = 0) => String(count)),
    published?.held ?? published?.confirmed ?? '',
  ]);
  await printTable(io, ['OUTPUT', 'OUTCOME', 'OBJECTS', 'SAMPLES', 'BYTES', ''], rows, { last: 'prose' });
}

/** An output's result as JSON. */
export function outputData({ output, outcome, published, durationMs, error }: OutputResult): object {
  return {
    kind: 'output',
    ...{ output, outcome },
    ...(published && { objects: published.objects, samples: published.samples, bytes: published.bytes }),
    held: published?.held,
    duration_seconds: durationMs / 1000,
    error: error && errorData(error),
  };
}
