import { isMusterError } from '../errors.ts';
import type { Change } from '../target/diff.ts';
import { journalKey, type ProviderId } from '../target/names.ts';
import type { Listing } from './collect.ts';
import { encodeJournalEntry, type Reason } from './journal.ts';
import type { Loaded } from './load.ts';
import type { CycleInput } from './provider.ts';

/** Creates the next version in the journal. Undefined when another run was first. */
export async function commitChange(
  id: ProviderId,
  { store, run, now, signal }: Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'>,
  loaded: Loaded,
  listing: Listing,
  change: Change,
  reason: Reason,
): Promise<Loaded | undefined> {
  const version = loaded.version + 1;
  const body = await encodeJournalEntry({ version, at: now().toISOString(), reason, run, change });
  try {
    const options = {
      condition: 'create',
      contentType: 'application/gzip',
      ...(signal && { signal }),
    } as const;
    await store.put(journalKey(id, version), body, options);
  } catch (error) {
    if (isMusterError(error, 'conflict')) return undefined;
    throw error;
  }
  return { version, groups: listing.groups, cursor: listing.cursor, checkpoint: loaded.checkpoint };
}
