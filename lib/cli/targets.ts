import { readApp } from '../app/app.ts';
import type { AppProvider } from '../app/providers.ts';
import { selectProviders } from '../app/select.ts';
import { MusterError } from '../errors.ts';
import { compare, groupText } from '../target/canonical.ts';
import { addressLabel, type TargetGroup, targetLabels } from '../target/group.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { counted } from './output.ts';
import { openProgress } from './progress.ts';
import { formatTable } from './table.ts';
import { openTextPage } from './text-page.ts';

/** `muster targets` */
export const targets = defineCommand({
  name: 'targets',
  description:
    'Asks the backends of a job once and prints what they have, as it comes. Nothing is written. JSON is a list of\n' +
    '{"source", "labels", "targets"}; a listing that fails half way leaves the list unclosed and exits with 1.\n' +
    'Where a server lost its state half way, the listing begins anew: of groups with one source the last counts, and\n' +
    'one without targets takes it back.',
  examples: [
    'muster targets -c muster.yml --job api',
    'muster targets --job api --provider consul-0 --output json | jq length',
  ],
  options: {
    config: shared.config,
    job: { ...shared.job, required: true, help: 'The job.' },
    provider: shared.provider,
    output: shared.output,
  },
  async run({ config, job, provider, output }, io) {
    const { providers } = await readApp(config, io);
    const selected = selectProviders(providers, { job, provider });
    await (output === 'json' ? printJson(selected, io) : printTable(selected, io));
    return exitCodes.good;
  },
});

async function printJson(providers: readonly AppProvider[], io: Io): Promise<void> {
  const page = openTextPage(io.out);
  let separator = '[\n';
  for await (const groups of discoverAll(providers, io)) {
    for (const group of groups) {
      const text = separator + groupText(group);
      separator = ',\n';
      if (page.add(text)) await page.flush();
    }
    await page.flush();
  }
  await io.out(separator === '[\n' ? '[]\n' : '\n]\n');
}

async function printTable(providers: readonly AppProvider[], io: Io): Promise<void> {
  const rowsOf = (group: TargetGroup) => group.targets.map((target) => rowOf(group, target));
  let rows: readonly string[][] = [];
  for (const provider of providers) {
    const bySource = new Map<string, string[][]>();
    for await (const groups of discoverAll([provider], io)) {
      for (const group of groups) bySource.set(group.source, rowsOf(group));
    }
    rows = [...rows, ...[...bySource.values()].flat()];
  }
  await io.out(formatTable(['SOURCE', 'ADDRESS', 'LABELS'], rows));
  io.err(`${counted(rows.length, 'target')}\n`);
}

function rowOf(group: TargetGroup, target: TargetGroup['labels']): string[] {
  const { [addressLabel]: address = '', ...labels } = targetLabels(group, target);
  const pairs = Object.entries(labels).sort(([a], [b]) => compare(a, b));
  const text = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  return [group.source, address, `{${text}}`];
}

/** The groups of the providers one after another, each within its deadline. */
async function* discoverAll(
  providers: readonly AppProvider[],
  io: Io,
): AsyncGenerator<readonly TargetGroup[]> {
  for (const provider of providers) {
    const { discover, transform, job, provider: name } = provider;
    const progress = openProgress(io, `${job}/${name}`);
    const deadline = AbortSignal.timeout(provider.deadline);
    const given = new Set<string>();
    // A group without targets is of interest only where it takes back an earlier one.
    const matters = ({ source, targets: found }: TargetGroup) => {
      if (found.length === 0) return given.delete(source);
      given.add(source);
      return true;
    };
    try {
      const signal = AbortSignal.any([io.signal, deadline]);
      for await (const found of discover({ signal, onProgress: progress.show })) {
        const groups = transform === undefined ? found : found.map(transform);
        yield groups.filter((group) => group !== undefined).filter(matters);
      }
    } catch (error) {
      throw withProvider(error, provider, deadline);
    } finally {
      progress.end();
    }
  }
}

function withProvider(error: unknown, { job, provider, deadline }: AppProvider, over: AbortSignal): unknown {
  if (over.aborted)
    return new MusterError('timeout', `${job}/${provider}: no full listing within ${deadline / 1000}s`);
  if (!(error instanceof MusterError) || error.kind === 'internal') return error;
  return new MusterError(error.kind, `${job}/${provider}: ${error.message}`, { cause: error });
}
