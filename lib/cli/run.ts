import { loadApp } from '../app/app.ts';
import { type CyclesInput, cycleOnce, findLeft, retireOthers } from '../app/cycles.ts';
import type { OutputResult } from '../app/kube-state/cycle.ts';
import type { AppProvider } from '../app/providers.ts';
import { selectProviders } from '../app/select.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import { isEmptyChange } from '../target/diff.ts';
import { silentLogger } from '../telemetry/log.ts';
import { changeData, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { printChange } from './print-change.ts';
import { openProgress } from './progress.ts';
import { outputData, outputTable, retireLeftOutputs, runOutputs } from './run-outputs.ts';
import { formatTable, printable } from './table.ts';

/** Providers whose cycles run at once. */
const concurrency = 4;

/** `muster run` */
export const run = defineCommand({
  name: 'run',
  description:
    'Runs one cycle of each provider: lists its targets, compares them with the last version, commits and publishes\n' +
    'the change. Without --job and --provider, kube-state outputs are published too, and what left the configuration is\n' +
    'retired. Exits with 1 when a cycle failed; a drop that the guard holds is no failure.',
  examples: ['muster run -c muster.yml', 'muster run --job api --dry-run'],
  options: {
    config: shared.config,
    job: shared.job,
    provider: shared.provider,
    'dry-run': { help: 'Print the change, write nothing.' },
    output: shared.output,
  },
  async run({ config, job, provider, 'dry-run': dryRun, output }, io) {
    const app = await loadApp(config, io);
    const { signal } = io;
    // What a log would say of a cycle is what this command prints.
    const input = { store: app.store, log: silentLogger, signal };
    try {
      const selected = selectProviders(app.providers, { job, provider });
      if (!dryRun) await app.store.verify({ signal });
      const results = await mapConcurrent(selected, concurrency, signal, (one) =>
        cycleWithProgress(one, input, dryRun, io),
      );
      const everything = job === undefined && provider === undefined;
      const outputs = everything ? await runOutputs(app, dryRun, io) : [];
      try {
        if (everything && !signal.aborted) {
          await retire(app.providers, input, dryRun, io);
          await retireLeftOutputs(app, dryRun, io);
        }
      } finally {
        if (app.isEmpty && output === 'table')
          io.err('The configuration has no job with a provider: nothing was done.\n');
        await print(results, outputs, output, dryRun, io);
      }
      const good = !signal.aborted && [...results, ...outputs].every(({ outcome }) => outcome !== 'failed');
      return good ? exitCodes.good : exitCodes.failed;
    } finally {
      await app.store.close();
    }
  },
});

async function cycleWithProgress(
  provider: AppProvider,
  input: CyclesInput,
  dryRun: boolean,
  io: Io,
): Promise<CycleResult> {
  const progress = openProgress(io, `${provider.job}/${provider.provider}`);
  try {
    return await cycleOnce(provider, input, { dryRun, onProgress: progress.show });
  } finally {
    progress.end();
  }
}

async function retire(
  providers: readonly AppProvider[],
  input: CyclesInput,
  dryRun: boolean,
  io: Io,
): Promise<void> {
  const ids = dryRun ? await findLeft(providers, input) : (await retireOthers(providers, input)).retired;
  const what = dryRun ? 'would be retired, it' : 'retired, it';
  for (const { job, provider } of ids)
    io.err(`${job}/${provider}: ${what} is no longer in the configuration\n`);
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
    await io.out(`\n${printable(`${job}/${provider}`)}: ${summaryText(change)}\n`);
    await printChange(io, change);
  }
}

function rowOf({ job, provider, outcome, version, targets, change, held }: CycleResult): string[] {
  const note = held ?? (change === undefined ? '' : summaryText(change));
  return [job, provider, outcome, String(version), String(targets), note];
}

function resultData(result: CycleResult): object {
  const { job, provider, outcome, version, groups, targets, change, held, error, durationMs } = result;
  return {
    ...{ job, provider, outcome, version, groups, targets },
    duration_seconds: durationMs / 1000,
    ...(change && { change: changeData(change) }),
    ...(held !== undefined && { held }),
    ...(error && { error: { kind: error.kind, message: error.message } }),
  };
}
