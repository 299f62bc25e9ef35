import { isMusterError, MusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ProviderId } from '../target/names.ts';
import { type Held, readStatus, writeStatus } from './status.ts';

/**
 * Lets the next cycle publish what the guard holds: notes in the status that its target count is accepted. Returns
 * what was held, or undefined where nothing is.
 */
export async function acceptHeld(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal,
): Promise<Held | undefined> {
  for (let attempt = 1; ; attempt++) {
    const { status, etag } = await readStatus(store, id, signal);
    if (status?.held === undefined) return undefined;
    const held = { ...status.held, accepted_targets: status.held.targets_after };
    try {
      await writeStatus(store, id, { ...status, held }, etag, signal, { merge: false });
      return held;
    } catch (error) {
      if (!isMusterError(error, 'conflict')) throw error;
      if (attempt === 5)
        throw new MusterError(
          'conflict',
          `the status of ${id.job}/${id.provider} keeps changing; try again`,
          { cause: error },
        );
    }
  }
}
