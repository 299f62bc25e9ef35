import { readStatus, type StoredStatus, writeStatus } from '../../discovery/status.ts';
import { isMusterError, type MusterError } from '../../errors.ts';
import { mapConcurrent } from '../../http/concurrency.ts';
import type { ObjectStore } from '../../store/store.ts';
import { folders, parseStatusKey } from '../../target/names.ts';
import { newRunId } from '../run-id.ts';

/**
 * Tells the status of each of a mechanism's providers that there is no configuration to run them by: without it
 * nobody knows who they are but the store.
 */
export async function markStatuses(
  store: ObjectStore,
  mechanism: string,
  error: MusterError,
  signal: AbortSignal,
): Promise<void> {
  const run = newRunId(new Date());
  const objects = await store.list(folders.status, { signal });
  const ids = objects
    .map(({ key }) => parseStatusKey(key))
    .filter((id) => id !== undefined)
    .filter(({ provider }) => provider.startsWith(`${mechanism}-`));
  await mapConcurrent(ids, 8, signal, async (id) => {
    const { status, etag } = await readStatus(store, id, signal).catch(unlessNewer);
    if (status === undefined) return;
    const { kind, message } = error;
    const news = {
      run,
      last_attempt: new Date().toISOString(),
      duration_seconds: 0,
      error: { kind, message },
      config_error: message,
      failures: status.failures + 1,
    };
    await writeStatus(store, id, { ...status, ...news }, etag, signal);
  });
}

/** What a later Muster wrote is not touched. */
function unlessNewer(error: unknown): StoredStatus {
  if (isMusterError(error, 'newer')) return { status: undefined, etag: undefined };
  throw error;
}
