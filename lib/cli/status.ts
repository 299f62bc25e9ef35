import { loadApp } from '../app/app.ts';
import { readStatus, type Status } from '../discovery/status.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import { folders, type ProviderId, parseStatusKey, statusKey } from '../target/names.ts';
import { defineCommand, exitCodes } from './command.ts';
import { shared } from './options.ts';
import { outputStatusTable, readOutputStatuses } from './output-status.ts';
import { formatAge, formatTable } from './table.ts';

/** `muster status` */
export const status = defineCommand({
  name: 'status',
  description:
    'Reads the status of every provider from the store: version, targets, last success, errors, and what the guard holds;\n' +
    'and of every kube-state output its size, and when its cluster was listed.',
  examples: ['muster status -c muster.yml', 'muster status --output json | jq ".[] | select(.error)"'],
  options: { config: shared.config, output: shared.output },
  async run({ config, output }, io) {
    const app = await loadApp(config, io);
    const { providers, store } = app;
    try {
      const { signal } = io;
      const stored = (await store.list(folders.status, { signal }))
        .map(({ key }) => parseStatusKey(key))
        .filter((id) => id !== undefined);
      const configured = new Set(providers.map(statusKey));
      const left = stored.filter((id) => !configured.has(statusKey(id)));
      const rows = await mapConcurrent(
        [...providers, ...left],
        8,
        signal,
        async (id): Promise<Row> => ({
          id,
          configured: configured.has(statusKey(id)),
          status: (await readStatus(store, id, signal)).status,
        }),
      );
      const now = new Date();
      const data = rows.map((row) => ({
        job: row.id.job,
        provider: row.id.provider,
        configured: row.configured,
        ...row.status,
        state: stateOf(row),
      }));
      const outputs = await readOutputStatuses(app, signal, now);
      if (output === 'json') {
        await io.out(`${JSON.stringify([...data, ...outputs], undefined, 2)}\n`);
        return exitCodes.good;
      }
      if (data.length === 0 && outputs.length === 0)
        io.err('No provider is configured, and none has a status.\n');
      if (data.length > 0) {
        const rows = data.map((one) => [
          ...[one.job, one.provider, String(one.version ?? 0), String(one.targets ?? 0)],
          ...[formatAge(one.last_success, now), formatAge(one.last_change, now), one.state],
        ]);
        await io.out(formatTable(heading, rows));
      }
      if (outputs.length > 0)
        await io.out(`${data.length > 0 ? '\n' : ''}${outputStatusTable(outputs, now)}`);
      return exitCodes.good;
    } finally {
      await store.close();
    }
  },
});

const heading = ['JOB', 'PROVIDER', 'VERSION', 'TARGETS', 'LAST SUCCESS', 'LAST CHANGE', 'STATE'];

interface Row {
  readonly id: ProviderId;
  readonly configured: boolean;
  readonly status: Status | undefined;
}

function stateOf({ configured, status }: Row): string {
  if (status === undefined) return 'no cycle yet';
  if (!configured) return 'left the configuration, the next run retires it';
  if (status.error !== undefined) return `failing (${status.failures} in a row): ${status.error.message}`;
  if (status.config_error !== undefined)
    return `the newest configuration is not in force: ${status.config_error}`;
  if (status.held !== undefined) return `held: ${status.held.message}`;
  if (status.published_version < status.version)
    return `version ${status.version} is not published yet, the next cycle does it`;
  return 'ok';
}
