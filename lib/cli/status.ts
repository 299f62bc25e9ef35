import { loadApp } from '../app/app.ts';
import { readStatus, type Status } from '../discovery/status.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import { folders, type ProviderId, parseStatusKey, statusKey } from '../target/names.ts';
import { defineCommand, exitCodes } from './command.ts';
import { shared } from './options.ts';
import { printList } from './output.ts';
import { formatAge } from './table.ts';

/** `muster status` */
export const status = defineCommand({
  name: 'status',
  description:
    'Reads the status of every provider from the store: version, targets, last success, errors, and what the guard holds.',
  examples: ['muster status -c muster.yml', 'muster status --output json | jq ".[] | select(.error)"'],
  options: { config: shared.config, output: shared.output },
  async run({ config, output }, io) {
    const { providers, store } = await loadApp(config, io);
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
      await printList(io, output, data, {
        heading: ['JOB', 'PROVIDER', 'VERSION', 'TARGETS', 'LAST SUCCESS', 'LAST CHANGE', 'STATE'],
        row: (one) => [
          one.job,
          one.provider,
          String(one.version ?? 0),
          String(one.targets ?? 0),
          formatAge(one.last_success, now),
          formatAge(one.last_change, now),
          one.state,
        ],
        empty: 'No provider is configured, and none has a status.',
      });
      return exitCodes.good;
    } finally {
      await store.close();
    }
  },
});

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
