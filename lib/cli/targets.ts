import { loadApp } from '../app/app.ts';
import type { AppProvider } from '../app/providers.ts';
import { selectProviders } from '../app/select.ts';
import { compare, encodeGroup } from '../target/canonical.ts';
import { addressLabel, type TargetGroup, targetLabels } from '../target/group.ts';
import { defineCommand, exitCodes, type Io } from './command.ts';
import { shared } from './options.ts';
import { isJson } from './output.ts';
import { openProgress } from './progress.ts';
import { formatTable } from './table.ts';

/** `muster targets` */
export const targets = defineCommand({
  name: 'targets',
  summary: 'Discover once and print the targets, write nothing',
  description:
    'Asks the backends of a job once and prints what they have, as it comes. Nothing is written. JSON is a list of\n' +
    '{"source", "labels", "targets"}; a listing that fails half way leaves the list unclosed and exits with 1.',
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
    const json = isJson(output);
    const app = await loadApp(config, io);
    await app.store.close();
    const selected = selectProviders(app.providers, { job, provider });
    await (json ? printJson(selected, io) : printTable(selected, io));
    return exitCodes.good;
  },
});

async function printJson(providers: readonly AppProvider[], io: Io): Promise<void> {
  let separator = '[\n';
  for await (const groups of discoverAll(providers, io)) {
    let text = '';
    for (const group of groups) {
      text += separator + encodeGroup(group).json;
      separator = ',\n';
    }
    if (text !== '') await io.out(text);
  }
  await io.out(separator === '[\n' ? '[]\n' : '\n]\n');
}

async function printTable(providers: readonly AppProvider[], io: Io): Promise<void> {
  const rows: string[][] = [];
  for await (const groups of discoverAll(providers, io)) {
    for (const group of groups) {
      for (const target of group.targets)
        rows.push([group.source, target[addressLabel] ?? '', formatLabels(group, target)]);
    }
  }
  await io.out(formatTable(['SOURCE', 'ADDRESS', 'LABELS'], rows));
  io.err(`${rows.length} targets\n`);
}

function formatLabels(group: TargetGroup, target: TargetGroup['labels']): string {
  const { [addressLabel]: _, ...labels } = targetLabels(group, target);
  const pairs = Object.entries(labels).sort(([a], [b]) => compare(a, b));
  return `{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
}

/** The groups of the providers one after another, each within its deadline. */
async function* discoverAll(
  providers: readonly AppProvider[],
  io: Io,
): AsyncGenerator<readonly TargetGroup[]> {
  for (const { discover, transform, deadline, job, provider } of providers) {
    const progress = openProgress(io, `${job}/${provider}`);
    try {
      const signal = AbortSignal.any([io.signal, AbortSignal.timeout(deadline)]);
      for await (const groups of discover({ signal, onProgress: progress.show })) {
        const kept =
          transform === undefined ? groups : groups.map(transform).filter((group) => group !== undefined);
        yield kept.filter((group) => group.targets.length > 0);
      }
    } finally {
      progress.end();
    }
  }
}
