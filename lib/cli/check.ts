import { loadApp } from '../app/app.ts';
import { defineCommand, exitCodes } from './command.ts';
import { shared } from './options.ts';
import { counted, printList } from './output.ts';

/** `muster check` */
export const check = defineCommand({
  name: 'check',
  description:
    'Reads the configuration, reports all its problems at once, and lists its jobs and providers. Calls nothing.',
  examples: ['muster check -c muster.yml', 'muster check -c muster.yml --output json'],
  options: { config: shared.config, output: shared.output },
  async run({ config, output }, io) {
    const { providers, store } = await loadApp(config, io);
    const rows = providers.map(({ job, provider, mechanism, refreshInterval, shards, deadline }) => ({
      job,
      provider,
      mechanism,
      refresh_interval_seconds: refreshInterval / 1000,
      deadline_seconds: deadline / 1000,
      shards,
    }));
    await store.close();
    await printList(io, output, rows, {
      heading: ['JOB', 'PROVIDER', 'EVERY', 'DEADLINE', 'FILES'],
      row: (one) => [
        one.job,
        one.provider,
        `${one.refresh_interval_seconds}s`,
        `${one.deadline_seconds}s`,
        String(one.shards),
      ],
      empty: 'The configuration has no job with a provider.',
    });
    const jobs = counted(new Set(rows.map(({ job }) => job)).size, 'job');
    io.err(`${config} is valid: ${jobs}, ${counted(rows.length, 'provider')}, store ${store.url}\n`);
    return exitCodes.good;
  },
});
