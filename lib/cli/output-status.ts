import { readListed } from '../app/kube-state/stored.ts';
import { acceptOutputCommand } from '../discovery/hints.ts';
import { mapConcurrent } from '../http/concurrency.ts';
import { type OutputStatus, readOutputStatus } from '../kubestate/status.ts';
import type { ObjectStore } from '../store/store.ts';
import { longestAge } from '../target/gzip-head.ts';
import { folders, metricsKey, parseMetricsKey, parseOutputStatusKey } from '../target/names.ts';
import { formatAge, formatTable } from './table.ts';

/** A kube-state output, as the store has it. */
export interface OutputRow {
  readonly output: string;
  readonly configured: boolean;
  /** When its cluster was last listed, ISO 8601. */
  readonly listed_at: string | undefined;
  /** Compressed size. */
  readonly bytes: number;
  readonly state: string;
  /** The command that publishes what is held; absent where nothing is. */
  readonly command?: string;
  /** What the output's own status says; absent where it has none. */
  readonly status?: OutputStatus;
}

/** The outputs that are configured, and those whose text is still there. */
export async function readOutputStatuses(
  {
    outputs,
    store,
  }: { readonly outputs?: readonly { readonly object: string }[]; readonly store: ObjectStore },
  signal: AbortSignal,
  now: Date,
): Promise<readonly OutputRow[]> {
  const sizes = new Map((await store.list(folders.metrics, { signal })).map(({ key, size }) => [key, size]));
  const stored = [...sizes.keys()]
    .map((key) => parseMetricsKey(key) ?? parseOutputStatusKey(key))
    .filter((object) => object !== undefined);
  // Where nobody says what is configured, all that is there counts.
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
      state: configured.has(output) ? stateOf(bytes, listed, status, now) : 'not in the configuration',
      ...(status?.held && { command: acceptOutputCommand(output) }),
      ...(status && { status }),
    };
  });
}

/** As the sidecar sees it, which serves no text that is old or undated. */
function stateOf(
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

/** Samples that went within the last hour although nobody had accepted it. */
function confirmedOf(status: OutputStatus | undefined, now: Date): string | undefined {
  const { confirmed } = status ?? {};
  return confirmed === undefined || now.getTime() - Date.parse(confirmed.at) >= 60 * 60_000
    ? undefined
    : `published without anybody's word: ${confirmed.message}`;
}

/** The same as a table, for a person. */
export function outputStatusTable(statuses: readonly OutputRow[], now: Date): string {
  return formatTable(
    ['OUTPUT', 'LISTED', 'BYTES', 'STATE'],
    statuses.map(({ output, listed_at, bytes, state }) => [
      output,
      formatAge(listed_at, now),
      String(bytes),
      state,
    ]),
  );
}
