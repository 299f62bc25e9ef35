import { loadApp } from '../app/app.ts';
import { sayWaiting } from '../app/function/billing.ts';
import type { KubeStateOutput } from '../app/kube-state/outputs.ts';
import type { AppProvider } from '../app/providers.ts';
import { metricsKey } from '../target/names.ts';
import { defineCommand, exitCodes } from './command.ts';
import { shared } from './options.ts';
import { counted } from './output.ts';
import { formatTable, printable } from './table.ts';

/** `muster check` */
export const check = defineCommand({
  name: 'check',
  description:
    'Reads the configuration, reports all its problems at once, and lists its jobs, providers and kube-state outputs.\n' +
    'Calls nothing.',
  examples: ['muster check -c muster.yml', 'muster check -c muster.yml --output json'],
  options: { config: shared.config, output: shared.output },
  async run({ config, output }, io) {
    const { providers, outputs, store, storeConfig } = await loadApp(config, io);
    await store.close();
    const rows = providers.map(({ job, provider, mechanism, refreshInterval, shards, deadline }) => ({
      ...{ job, provider, mechanism },
      refresh_interval_seconds: refreshInterval / 1000,
      deadline_seconds: deadline / 1000,
      shards,
    }));
    const written = outputs.map(({ object, refreshInterval, deadline }) => ({
      output: object,
      refresh_interval_seconds: refreshInterval / 1000,
      deadline_seconds: deadline / 1000,
    }));
    if (output === 'json') await io.out(`${JSON.stringify([...rows, ...written], undefined, 2)}\n`);
    else if (rows.length + written.length === 0) io.err('The configuration has no job with a provider.\n');
    if (output === 'table' && rows.length > 0) {
      const times = rows.map((one) => [one.job, one.provider, ...timesOf(one), String(one.shards)]);
      await io.out(formatTable(['JOB', 'PROVIDER', 'EVERY', 'DEADLINE', 'FILES'], times));
    }
    if (output === 'table' && written.length > 0) {
      const times = written.map((one) => [one.output, ...timesOf(one), metricsKey(one.output)]);
      const table = formatTable(['OUTPUT', 'EVERY', 'DEADLINE', 'OBJECT'], times);
      await io.out(rows.length > 0 ? `\n${table}` : table);
    }
    const counts = [
      counted(new Set(rows.map(({ job }) => job)).size, 'job'),
      counted(rows.length, 'provider'),
      ...(written.length > 0 ? [counted(written.length, 'kube-state output')] : []),
    ];
    io.err(`${config} is valid: ${counts.join(', ')}, store ${store.url}\n`);
    // On a machine of one's own, with its store in a folder, waiting is for free.
    if (storeConfig.kind === 's3') io.err(hintsOnFunctions(providers, outputs));
    return exitCodes.good;
  },
});

/** How serverless.yml starts the functions, unless told otherwise. */
const schedule = 'rate(1 minute)';

/** For who runs this configuration as AWS functions: which are needed, and what costs more than it seems. */
function hintsOnFunctions(providers: readonly AppProvider[], outputs: readonly KubeStateOutput[]): string {
  const mechanisms = new Set(providers.map(({ mechanism }) => mechanism));
  const backends = [...mechanisms, ...(outputs.length > 0 ? ['kube-state'] : [])].sort();
  if (backends.length === 0) return '';
  const waiting = sayWaiting(
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
    `on AWS it needs osls deploy --param="backends=${backends.join(',')}"`,
    ...(waiting ? [waiting] : []),
  ];
  return hints.map((hint) => `Hint: ${printable(hint)}\n`).join('');
}

interface Times {
  readonly refresh_interval_seconds: number;
  readonly deadline_seconds: number;
}

function timesOf({ refresh_interval_seconds, deadline_seconds }: Times): readonly string[] {
  return [`${refresh_interval_seconds}s`, `${deadline_seconds}s`];
}
