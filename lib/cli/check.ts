import { loadApp } from '../app/app.ts';
import type { AppProvider } from '../app/providers.ts';
import { formatDuration } from '../config/duration.ts';
import { shortestRefresh } from '../config/sd-config.ts';
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
    io.err(hintOnLoad(providers));
    // On a machine of one's own, with its store in a folder, waiting is for free.
    if (storeConfig.kind === 's3') io.err(hintOnBilling(providers));
    return exitCodes.good;
  },
});

/** Milliseconds between two ticks of a function that is deployed as serverless.yml says. */
const tick = 60_000;

/** What costs more than it seems where functions run this configuration; empty where nothing does. */
function hintOnBilling(providers: readonly AppProvider[]): string {
  const often = providers.filter(({ refreshInterval }) => refreshInterval < tick);
  const [first, ...others] = often.map(
    ({ job, provider, refreshInterval }) => `${job}/${provider} (${formatDuration(refreshInterval)})`,
  );
  if (first === undefined) return '';
  const rest = others.length === 0 ? '' : ` and ${counted(others.length, 'other provider')}`;
  return (
    `Hint: ${printable(first)}${rest} with a refresh_interval below 1m: as an AWS function, which ticks once a minute, ` +
    'each waits for its next cycle and is billed for that; "refresh_interval: 1m" avoids it\n'
  );
}

/** Tells of what is listed as often as can be; empty where nothing is. */
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
