import { loadApp } from '../app/app.ts';
import { cycleOnce, retireOthers } from '../app/cycles.ts';
import type { AppProvider } from '../app/providers.ts';
import { selectProviders } from '../app/select.ts';
import type { CycleResult } from '../discovery/provider.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import { changeData, changeLines, summaryText } from './change-text.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { isJson } from './output.ts';
import { openProgress } from './progress.ts';
import { formatTable } from './table.ts';

/** Providers whose cycles run at once. */
const concurrency = 4;

/** `muster run` */
export const run = defineCommand({
  name: 'run',
  summary: 'Run one cycle of each provider into the store',
  description:
    'Runs one cycle of each provider: lists its targets, compares them with the last version, commits and publishes\n' +
    'the change. Without --job and --provider, providers that left the configuration are retired. Exits with 1 when a\n' +
    'cycle failed; a drop that the guard holds is no failure.',
  examples: ['muster run -c muster.yml', 'muster run --job api --dry-run'],
  options: {
    config: shared.config,
    job: shared.job,
    provider: shared.provider,
    'dry-run': { help: 'Print the change, write nothing.' },
    output: shared.output,
  },
  async run({ config, job, provider, 'dry-run': dryRun, output }, io) {
    const json = isJson(output);
    const app = await loadApp(config, io);
    const { signal } = io;
    const input = { store: app.store, log: io.log, signal };
    try {
      const selected = selectProviders(app.providers, { job, provider });
      if (!dryRun) await app.store.verify({ signal });
      const results = await mapConcurrent(selected, concurrency, signal, (one) =>
        cycleWithProgress(one, input, dryRun, io),
      );
      if (!dryRun && job === undefined && provider === undefined) await retireOthers(app.providers, input);
      await (json ? printJson(results, io) : printTable(results, dryRun, io));
      return results.some(({ outcome }) => outcome === 'failed') ? exitCodes.failed : exitCodes.good;
    } finally {
      await app.store.close();
    }
  },
});

async function cycleWithProgress(
  provider: AppProvider,
  input: Parameters<typeof cycleOnce>[1],
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

async function printJson(results: readonly CycleResult[], io: Io): Promise<void> {
  const rows = results.map(
    ({ job, provider, outcome, version, groups, targets, change, held, error, durationMs }) => ({
      job,
      provider,
      outcome,
      version,
      groups,
      targets,
      duration_seconds: durationMs / 1000,
      ...(change && { change: changeData(change) }),
      ...(held !== undefined && { held }),
      ...(error && { error: { kind: error.kind, message: error.message } }),
    }),
  );
  await io.out(`${JSON.stringify(rows, undefined, 2)}\n`);
}

async function printTable(results: readonly CycleResult[], dryRun: boolean, io: Io): Promise<void> {
  const rows = results.map(({ job, provider, outcome, version, targets, change, held, error }) => [
    job,
    provider,
    outcome,
    String(version),
    String(targets),
    error?.message ?? held ?? (change === undefined ? '' : summaryText(change)),
  ]);
  await io.out(formatTable(['JOB', 'PROVIDER', 'OUTCOME', 'VERSION', 'TARGETS', ''], rows));
  if (!dryRun) return;
  for (const { job, provider, change } of results) {
    if (change === undefined) continue;
    await io.out(`\n${job}/${provider}: ${summaryText(change)}\n`);
    for (const line of changeLines(change)) await io.out(`${line}\n`);
  }
}
