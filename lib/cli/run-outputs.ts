import type { App } from '../app/app.ts';
import type { CyclesInput } from '../app/cycles.ts';
import { type OutputResult, outputOnce } from '../app/kube-state/cycle.ts';
import { findLeftOutputs, type LeftOutputs, retireOutputs } from '../app/kube-state/stored.ts';
import { formatDuration } from '../config/duration.ts';
import { retireOutputAfter } from '../kubestate/gate.ts';
import { metricsKey } from '../target/names.ts';
import { silentLogger } from '../telemetry/log.ts';
import type { Io } from './command.ts';
import { formatTable } from './table.ts';

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
