import { setTimeout as sleep } from 'node:timers/promises';
import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError } from '../base/errors.ts';
import {
  acceptOutputCommand,
  noticesOf,
  pinnedText,
  retireCommand,
  settlingCommand,
} from '../cycle/hints.ts';
import { resolveNames } from '../cycle/naming.ts';
import { listProviders, readStatus, type StoredStatus } from '../cycle/status.ts';
import { longestAge } from '../kube-state/gzip-time.ts';
import { type OutputStatus, readOutputStatus } from '../kube-state/status.ts';
import { readListed } from '../kube-state/stored.ts';
import type { StoreView } from '../run/app.ts';
import type { AppProvider } from '../run/providers.ts';
import type { ObjectStore } from '../store/store.ts';
import {
  folders,
  metricsKey,
  type ProviderId,
  parseMetricsKey,
  parseOutputStatusKey,
  statusKey,
} from '../targets/keys.ts';
import { defineCommand, exitCodes, type Io, UsageError } from './command.ts';
import { openView } from './open-view.ts';
import { readDuration, shared } from './options.ts';
import { formatAge, leftAloneText, printTable, type Style } from './output.ts';

/** `muster status` */
export const status = defineCommand({
  name: 'status',
  description:
    'Reads the status of every provider from the store: version, targets, last success, errors, and what the gate holds;\n' +
    'and for every kube-state output its size, and when its cluster was listed.',
  examples: [
    'muster status -c muster.yml',
    'muster status --check --stale-after 10m',
    'muster status --output json | jq ".[] | select(.error)"',
  ],
  options: {
    config: shared.config,
    store: shared.store,
    check: { help: 'Exit with 1 unless everything is ok, for monitoring.' },
    watch: { help: 'Show the status every two seconds, until an interrupt.' },
    'stale-after': {
      value: 'DURATION',
      default: '15m',
      help: 'Age of its last success, beyond its interval, at which a provider is stale.',
    },
    output: shared.output,
  },
  async run({ config, store: url, check, watch, 'stale-after': staleAfter, output }, io) {
    if (watch && (check || output === 'json'))
      throw new UsageError('--watch shows a table: leave out --check and --output json');
    const stale = readDuration('stale-after', staleAfter, 1000);
    const view = await openView('status', { location: config, url }, io);
    await using store = view.store;
    for (;;) {
      const now = new Date();
      const seen = await look({ ...view, store }, { now, stale, signal: io.signal });
      if (watch && io.outIsTerminal) await io.out('\u001b[H\u001b[2J');
      await print(seen, { output, now }, io);
      if (output === 'table') io.err(leftAloneText(view.configured?.leftAlone ?? []));
      const bad = [...seen.providers, ...seen.outputs].filter(({ ok }) => !ok).length;
      if (check && bad > 0)
        io.err(`muster status: ${bad} of ${seen.providers.length + seen.outputs.length} not ok\n`);
      if (!watch) return check && bad > 0 ? exitCodes.failed : exitCodes.good;
      await sleep(watchInterval, undefined, { signal: io.signal }).catch(() => undefined);
      if (io.signal.aborted) return exitCodes.good;
    }
  },
});

/** Milliseconds between two readings of `--watch`. */
const watchInterval = 2000;

/** All statuses in the store, in the order of the configuration, and whether each is ok. */
async function look(
  { store, configured }: StoreView,
  { now, stale, signal }: { readonly now: Date; readonly stale: number; readonly signal: AbortSignal },
) {
  const stored = await listProviders({ store, signal });
  const wanted = await storedNames(configured?.providers ?? [], store, signal);
  const known = new Set((configured === undefined ? stored : wanted).map(statusKey));
  const intervals = new Map(wanted.map((one) => [statusKey(one), one.refreshInterval]));
  const left = stored.filter((id) => !intervals.has(statusKey(id)));
  const providers = await mapConcurrent([...wanted, ...left], 8, signal, async (id) => {
    const key = statusKey(id);
    const stored = await readStored(store, id, signal);
    const row = { id, configured: known.has(key), ...stored };
    const state = stateOf(row, now, stale + (intervals.get(key) ?? 0));
    const { job, provider } = id;
    const settles = stored.status && settlingCommand({ job, provider }, stored.status);
    const command = settles ?? (row.configured ? undefined : retireCommand({ job, provider }));
    // A provider that left the configuration is ok unless it is held or pinned: it waits to be retired.
    const { pinned, retiring } = stored.status ?? {};
    const leaves = !row.configured && retiring?.held === undefined && pinned === undefined;
    return {
      ...{ job, provider },
      configured: row.configured,
      ...row.status,
      state,
      command,
      ok: state === 'ok' || leaves,
    };
  });
  const outputs = await readOutputStatuses({ store, outputs: configured?.outputs }, signal, now);
  return {
    providers,
    outputs: outputs.map((one) => ({ ...one, ok: one.state === 'ok' || !one.configured })),
  };
}

async function print(
  { providers, outputs }: Awaited<ReturnType<typeof look>>,
  { output, now }: { readonly output: 'table' | 'json'; readonly now: Date },
  io: Io,
): Promise<void> {
  const data = [
    ...providers.map(({ ok, ...one }) => ({ kind: 'provider', ...one })),
    ...outputs.map(({ ok, ...one }) => ({ kind: 'output', ...one })),
  ];
  if (output === 'json') return io.out(`${JSON.stringify(data, undefined, 2)}\n`);
  if (providers.length === 0 && outputs.length === 0)
    io.err('No provider is configured, and none has a status.\n');
  if (providers.length > 0) {
    const rows = providers.map((one) => [
      ...[one.job, one.provider, String(one.version ?? 0), String(one.targets ?? 0)],
      ...[formatAge(one.last_success, now), formatAge(one.last_change, now)],
      [
        one.state,
        ...(one.command === undefined || one.state.includes(one.command) ? [] : [one.command]),
        ...(one.warnings ?? []),
      ].join('; '),
    ]);
    await printStates(io, heading, rows, providers);
  }
  if (outputs.length > 0 && providers.length > 0) await io.out('\n');
  if (outputs.length > 0) await printOutputStatuses(io, outputs, now);
}

/** Prints a table with a row for each of `ones`, whose last column is a state. */
async function printStates(
  io: Io,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  ones: readonly { readonly state: string; readonly ok: boolean }[],
): Promise<void> {
  const styles = ones.map(({ state, ok }) => styleOfState(state, ok));
  await printTable(io, heading, rows, {
    last: 'prose',
    styleOf: (row, column) => (column === heading.length - 1 ? styles[row] : undefined),
  });
}

/** Held and waiting providers have not failed. */
function styleOfState(state: string, ok: boolean): Style {
  if (state === 'ok') return 'good';
  return ok || /^(?:held|left|version|no cycle)/.test(state) ? 'warn' : 'bad';
}

const heading = ['JOB', 'PROVIDER', 'VERSION', 'TARGETS', 'LAST SUCCESS', 'LAST CHANGE', 'STATE'];

interface Row extends Pick<StoredStatus, 'status' | 'damaged'> {
  readonly configured: boolean;
}

/**
 * The configured providers under their names in the store; under the names of their positions if a newer Muster wrote.
 */
async function storedNames(
  providers: readonly AppProvider[],
  store: ObjectStore,
  signal: AbortSignal,
): Promise<readonly AppProvider[]> {
  try {
    return await resolveNames(providers, { store, signal });
  } catch (error) {
    if (!isMusterError(error, 'newer')) throw error;
    return providers;
  }
}

/** Reads a status. One of a newer Muster is reported as damaged, and the others are still shown. */
async function readStored(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal,
): Promise<Pick<StoredStatus, 'status' | 'damaged'>> {
  try {
    return await readStatus(store, id, signal);
  } catch (error) {
    if (!isMusterError(error, 'newer')) throw error;
    return { status: undefined, damaged: error.message };
  }
}

/** `ok`, or what is wrong. `stale` is the age in milliseconds at which the last success is too old. */
function stateOf({ configured, status, damaged }: Row, now: Date, stale: number): string {
  if (damaged !== undefined) return `its status cannot be read: ${damaged}`;
  if (status === undefined) return 'no cycle yet';
  if (status.retiring?.held !== undefined && status.pinned === undefined)
    return `left the configuration, not retired: ${status.retiring.held}`;
  if (status.pinned !== undefined && (status.retiring !== undefined || !configured))
    return `left the configuration, not retired before the pin ends: ${pinnedText(status.pinned)}`;
  if (status.retiring !== undefined || !configured)
    return 'left the configuration, will be retired after retire_after';
  if (status.error !== undefined) return `failing (${status.failures} in a row): ${status.error.message}`;
  if (status.config_error !== undefined)
    return `the newest configuration is not in force: ${status.config_error}`;
  if (status.held !== undefined) return `held: ${status.held.message}`;
  if (status.published_version < status.version)
    return `version ${status.version} is not published yet, the next cycle publishes it`;
  if (now.getTime() - Date.parse(status.last_success ?? status.last_attempt) > stale)
    return `stale: no cycle has succeeded for ${formatAge(status.last_success ?? status.last_attempt, now)}`;
  const notices = noticesOf(status, now.getTime());
  return notices.length === 0 ? 'ok' : notices.map(({ text }) => text).join('; ');
}

/** A kube-state output in the store. */
export interface OutputRow {
  readonly output: string;
  readonly configured: boolean;
  /** When its cluster was last listed, ISO 8601. */
  readonly listed_at: string | undefined;
  /** Compressed size in bytes. */
  readonly bytes: number;
  readonly state: string;
  /** The command that publishes a held text; undefined if nothing is held. */
  readonly command?: string | undefined;
  /** The output's status document; undefined if it has none. */
  readonly status?: OutputStatus | undefined;
}

/** The configured outputs, and those whose text still exists. */
export async function readOutputStatuses(
  {
    outputs,
    store,
  }: { readonly outputs?: readonly { readonly object: string }[] | undefined; readonly store: ObjectStore },
  signal: AbortSignal,
  now: Date,
): Promise<readonly OutputRow[]> {
  const sizes = new Map((await store.list(folders.metrics, { signal })).map(({ key, size }) => [key, size]));
  const stored = [...sizes.keys()]
    .map((key) => parseMetricsKey(key) ?? parseOutputStatusKey(key))
    .filter((object) => object !== undefined);
  // Without a configuration all stored outputs count.
  const configured = new Set(outputs?.map(({ object }) => object) ?? stored);
  return mapConcurrent([...new Set([...configured, ...stored])], 8, signal, async (output) => {
    const bytes = sizes.get(metricsKey(output));
    const listed = bytes === undefined ? undefined : await readListed(output, { store, signal });
    const { status } = await readOutputStatus(store, output, signal);
    return {
      output,
      configured: configured.has(output),
      listed_at: listed?.toISOString(),
      bytes: bytes ?? 0,
      state: configured.has(output) ? outputState(bytes, listed, status, now) : 'not in the configuration',
      ...(status?.held && { command: acceptOutputCommand(output) }),
      status,
    };
  });
}

/** The state of an output. The sidecar does not serve a text that is old or has no date. */
function outputState(
  bytes: number | undefined,
  listed: Date | undefined,
  status: OutputStatus | undefined,
  now: Date,
): string {
  if (status?.error !== undefined) return `failing (${status.failures} in a row): ${status.error.message}`;
  if (status?.held !== undefined) return `held: ${status.held.message}`;
  if (bytes === undefined) return 'nothing published yet';
  if (listed === undefined) return 'undated: not served';
  return now.getTime() - listed.getTime() > longestAge
    ? 'stale: not served'
    : (confirmedOf(status, now) ?? 'ok');
}

/** A loss of samples that was published in the last hour although nobody had accepted it. */
function confirmedOf(status: OutputStatus | undefined, now: Date): string | undefined {
  const { confirmed } = status ?? {};
  return confirmed === undefined || now.getTime() - Date.parse(confirmed.at) >= 60 * 60_000
    ? undefined
    : `published although nobody accepted it: ${confirmed.message}`;
}

async function printOutputStatuses(
  io: Io,
  statuses: readonly (OutputRow & { readonly ok: boolean })[],
  now: Date,
): Promise<void> {
  const heading = ['OUTPUT', 'LISTED', 'BYTES', 'STATE'];
  const rows = statuses.map(({ output, listed_at, bytes, state }) => [
    output,
    formatAge(listed_at, now),
    String(bytes),
    state,
  ]);
  await printStates(io, heading, rows, statuses);
}
