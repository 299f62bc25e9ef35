import { mapConcurrent } from '../base/concurrency.ts';
import { silentLogger } from '../base/logger.ts';
import { formatDuration } from '../config/fields.ts';
import { acceptCommand, heldData } from '../cycle/hints.ts';
import { type RetireRules, reviewLeaving } from '../cycle/leaving.ts';
import { type Resolved, resolveNames } from '../cycle/naming.ts';
import { checkOwnership } from '../cycle/ownership.ts';
import type { CycleResult } from '../cycle/provider.ts';
import { retireOutputAfter } from '../kube-state/gate.ts';
import { findLeftOutputs, type LeftOutputs, retireOutputs } from '../kube-state/stored.ts';
import { type App, loadApp } from '../run/app.ts';
import { type CyclesInput, cycleOnce } from '../run/cycles.ts';
import { type OutputResult, outputOnce } from '../run/kube-state-cycle.ts';
import { type AppProvider, selectProviders } from '../run/providers.ts';
import { retireLeft } from '../run/retirement.ts';
import { groupsOf, type Member, runTogether } from '../run/together.ts';
import { countChange, isEmptyChange } from '../targets/diff.ts';
import { metricsKey, statusKey } from '../targets/keys.ts';
import { changeData, leavingText, printChange, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { formatTable, openProgress, printable } from './output.ts';

/** Groups of providers whose cycles run at once. */
const concurrency = 4;

/** `muster run` */
export const run = defineCommand({
  name: 'run',
  description:
    'Runs one cycle of each provider: lists its targets, compares them with the last version, commits and publishes\n' +
    'the change. Without --job and --provider, kube-state outputs are published too, and what left the configuration is\n' +
    'retired once it has waited for retire_after. Exits with 1 when a cycle failed; that the gate holds targets is no\n' +
    'failure.',
  examples: ['muster run -c muster.yml', 'muster run --job api --dry-run'],
  options: {
    config: shared.config,
    strict: shared.strict,
    job: shared.job,
    provider: shared.provider,
    'dry-run': { help: 'Print the change, write nothing.' },
    'take-over': {
      help: "Make the store this configuration's own, although it has another one's providers.",
    },
    output: shared.output,
  },
  async run({ config, strict, job, provider, 'dry-run': dryRun, 'take-over': takeOver, output }, io) {
    const app = await loadApp(config, { ...io, strict });
    await using store = app.store;
    const { signal } = io;
    // What a log would say of a cycle is what this command prints.
    const input = { store, log: silentLogger, signal };
    if (!dryRun) await store.verify({ signal });
    await checkOwnership(app.providers, { store, signal, owner: app.owner, takeOver, dryRun });
    const named = await resolveNames(app.providers, { store, signal });
    const selected = selectProviders(named, { job, provider });
    const hasOthers = named.length > 1;
    const groups = groupsOf(selected, ({ stored }) => stored?.status?.targets ?? 0);
    const ended = await mapConcurrent(groups, concurrency, signal, (group) =>
      Promise.all(
        runTogether(group, (member) => cycleWithProgress(member, input, { dryRun, hasOthers }, io)),
      ),
    );
    const places = new Map(selected.map((one, index) => [statusKey(one), index]));
    const placeOf = (result: CycleResult) => places.get(statusKey(result)) ?? 0;
    const results = ended.flat().sort((a, b) => placeOf(a) - placeOf(b));
    const everything = job === undefined && provider === undefined;
    const outputs = everything ? await runOutputs(app, dryRun, io) : [];
    try {
      if (everything && !signal.aborted) {
        await retire(named, app.retireRules, input, dryRun, io);
        await retireLeftOutputs(app, dryRun, io);
      }
    } finally {
      if (app.isEmpty && output === 'table')
        io.err('The configuration has no job with a provider: nothing was done.\n');
      await print(results, outputs, output, dryRun, io);
    }
    const good = !signal.aborted && [...results, ...outputs].every(({ outcome }) => outcome !== 'failed');
    return good ? exitCodes.good : exitCodes.failed;
  },
});

async function cycleWithProgress(
  { provider: { stored, ...provider }, beforeListing }: Member<Resolved<AppProvider>>,
  input: CyclesInput,
  options: { readonly dryRun: boolean; readonly hasOthers: boolean },
  io: Io,
): Promise<CycleResult> {
  const progress = openProgress(io, `${provider.job}/${provider.provider}`);
  try {
    return await cycleOnce(provider, input, { ...options, stored, beforeListing, onProgress: progress.show });
  } finally {
    progress.end();
  }
}

async function retire(
  providers: readonly AppProvider[],
  rules: RetireRules,
  input: CyclesInput,
  dryRun: boolean,
  io: Io,
): Promise<void> {
  if (dryRun) {
    const look = { store: input.store, signal: input.signal, now: new Date(), dryRun };
    for (const one of await reviewLeaving(providers, rules, look))
      io.err(leavingText(one, 'would be retired'));
    return;
  }
  const { retired, waiting } = await retireLeft(providers, rules, input);
  for (const one of [...retired, ...waiting]) io.err(leavingText(one, 'retired'));
}

async function print(
  results: readonly CycleResult[],
  outputs: readonly OutputResult[],
  output: 'table' | 'json',
  dryRun: boolean,
  io: Io,
): Promise<void> {
  for (const { job, provider, error } of results) {
    if (error !== undefined) io.err(`muster run: ${job}/${provider}: ${error.message}\n`);
  }
  for (const { error } of outputs) {
    if (error !== undefined) io.err(`muster run: ${error.message}\n`);
  }
  if (output === 'json') {
    const all = [...results.map(resultData), ...outputs.map(outputData)];
    return io.out(`${JSON.stringify(all, undefined, 2)}\n`);
  }
  if (results.length > 0)
    await io.out(formatTable(['JOB', 'PROVIDER', 'OUTCOME', 'VERSION', 'TARGETS', ''], results.map(rowOf)));
  if (outputs.length > 0) await io.out(`${results.length > 0 ? '\n' : ''}${outputTable(outputs)}`);
  if (!dryRun) return;
  for (const { job, provider, change } of results) {
    if (change === undefined || isEmptyChange(change)) continue;
    await io.out(`\n${printable(`${job}/${provider}`)}: ${summaryText(countChange(change))}\n`);
    await printChange(io, change);
  }
}

function rowOf(result: CycleResult): string[] {
  const { job, provider, outcome, version, targets, change, held, damaged, warnings = [] } = result;
  const counts = change === undefined ? undefined : countChange(change);
  const after = targets + (outcome === 'dry-run' && counts ? counts.added - counts.removed : 0);
  const notes = [
    ...(counts === undefined || change === undefined || isEmptyChange(change) ? [] : [summaryText(counts)]),
    ...(held === undefined ? [] : [`held: ${held.message}; ${acceptCommand(result)}`]),
    ...(damaged === undefined ? [] : [`rebuilt, the store is damaged: ${damaged}`]),
    ...warnings.map(({ message }) => message),
  ];
  const shown = outcome === 'dry-run' ? `${targets} -> ${after}` : String(targets);
  return [job, provider, outcome, String(version), shown, notes.join('; ')];
}

function resultData(result: CycleResult): object {
  const { job, provider, outcome, version, groups, targets, change, held, error, durationMs, warnings } =
    result;
  return {
    ...{ job, provider, outcome, version, groups, targets },
    duration_seconds: durationMs / 1000,
    ...(change && { counts: countChange(change), change: changeData(change) }),
    ...(warnings && { warnings: warnings.map(({ message }) => message) }),
    ...(held !== undefined && { held: heldData(held) }),
    ...(error && { error: { kind: error.kind, message: error.message } }),
  };
}

/** Publishes the kube-state outputs, one after another: each takes all the memory that one may take. */
export async function runOutputs(
  { outputs, store }: App,
  dryRun: boolean,
  { err, signal }: Io,
): Promise<readonly OutputResult[]> {
  const results: OutputResult[] = [];
  for (const output of outputs) {
    if (signal.aborted) break;
    if (dryRun)
      err(`kube-state ${output.object}: would be listed and published as ${metricsKey(output.object)}\n`);
    else results.push(await outputOnce(output, { store, log: silentLogger, signal }));
  }
  return results;
}

/** Removes what is stored of outputs that left the configuration, or says what would be. */
export async function retireLeftOutputs(app: App, dryRun: boolean, { err, signal }: Io): Promise<void> {
  const input = { store: app.store, log: silentLogger, signal };
  const { retired, leaving } = dryRun
    ? { retired: [], leaving: await findLeaving(app, input) }
    : await retireOutputs(app, input);
  for (const output of retired) err(`kube-state ${output}: retired, it is no longer in the configuration\n`);
  for (const { output, stays } of leaving) {
    const time = formatDuration(Math.ceil(stays / 60_000) * 60_000);
    err(`kube-state ${output}: left the configuration, its text stays for another ${time}\n`);
  }
}

async function findLeaving(app: App, input: CyclesInput): Promise<LeftOutputs['leaving']> {
  const left = await findLeftOutputs(app, input);
  return left.map((output) => ({ output, stays: retireOutputAfter }));
}

/** The outputs as a table, for a person. */
export function outputTable(results: readonly OutputResult[]): string {
  return formatTable(
    ['OUTPUT', 'OUTCOME', 'OBJECTS', 'SAMPLES', 'BYTES', ''],
    results.map(({ output, outcome, published }) => [
      output,
      outcome,
      ...[published?.objects, published?.samples, published?.bytes].map((count = 0) => String(count)),
      published?.held ?? published?.confirmed ?? '',
    ]),
  );
}

/** An output's result as JSON. */
export function outputData({ output, outcome, published, durationMs, error }: OutputResult): object {
  return {
    ...{ output, outcome },
    ...(published && { objects: published.objects, samples: published.samples, bytes: published.bytes }),
    ...(published?.held !== undefined && { held: published.held }),
    duration_seconds: durationMs / 1000,
    ...(error && { error: { kind: error.kind, message: error.message } }),
  };
}
