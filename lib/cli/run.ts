import { errorData } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
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
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { openProgress, printTable } from './output.ts';
import { planExit, printPlan, progressOn } from './plan.ts';
import { cycleData, planRow } from './plan-text.ts';

/** Groups of providers whose cycles run at once. */
const concurrency = 4;

/** `muster run` */
export const run = defineCommand({
  name: 'run',
  description:
    'Runs one cycle of each provider: lists its targets, compares them with the last version, commits the change and\n' +
    'publishes it. Without --job and --provider it also publishes kube-state outputs, and retires providers that left the\n' +
    'configuration more than retire_after ago. Exits with 1 when a cycle failed; targets that the gate holds are no failure.',
  examples: ['muster run -c muster.yml', 'muster run --job api --dry-run'],
  options: {
    config: shared.config,
    strict: shared.strict,
    job: shared.job,
    provider: shared.provider,
    'dry-run': { help: 'Print the change, write nothing.' },
    'take-over': {
      help: "Take over a store that has another configuration's providers.",
    },
    output: shared.output,
  },
  async run({ config, strict, job, provider, 'dry-run': dryRun, 'take-over': takeOver, output }, io) {
    const app = await loadApp(config, { ...io, strict });
    await using store = app.store;
    const { signal } = io;
    if (dryRun) {
      const input = { signal, job, provider, takeOver, openProgress: progressOn(io) };
      const made = await makePlan({ ...app, store }, input);
      await printPlan(made, { command: 'run', output }, io);
      return planExit(made, io);
    }
    // What a log would say of a cycle is what this command prints.
    const input = { store, log: silentLogger, signal };
    await store.verify({ signal });
    await checkOwnership(app.providers, { store, signal, owner: app.owner, takeOver });
    const named = await resolveNames(app.providers, { store, signal });
    const selected = selectProviders(named, { job, provider });
    const hasOthers = named.length > 1;
    const results = await runGroups(selected, (member) => cycleWithProgress(member, input, hasOthers, io), {
      concurrency,
      signal,
    });
    const everything = job === undefined && provider === undefined;
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
  },
});

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

/** Publishes the kube-state outputs, one after another: each takes all the memory that one may take. */
export async function runOutputs({ outputs, store }: App, { signal }: Io): Promise<readonly OutputResult[]> {
  const results: OutputResult[] = [];
  for (const output of outputs) {
    if (signal.aborted) break;
    results.push(await outputOnce(output, { store, log: silentLogger, signal }));
  }
  return results;
}

/** Removes what is stored of outputs that left the configuration. */
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
    ...(published?.held !== undefined && { held: published.held }),
    duration_seconds: durationMs / 1000,
    ...(error && { error: errorData(error) }),
  };
}
