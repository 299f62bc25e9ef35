import { isMusterError } from '../errors.ts';
import type { Change } from '../target/diff.ts';
import { journalKey, type ProviderId } from '../target/names.ts';
import { encodeJournalEntry, type Reason } from './journal.ts';
import type { Loaded } from './load.ts';
import type { CycleInput } from './provider.ts';

/** Creates the version of `next` in the journal. False when another run was first. */
export async function commitChange(
  id: ProviderId,
  { store, run, now, signal }: Pick<CycleInput, 'store' | 'run' | 'now' | 'signal'>,
  next: Loaded,
  change: Change,
  reason: Reason,
): Promise<boolean> {
  const { version } = next;
  const body = await encodeJournalEntry({ version, at: now().toISOString(), reason, run, change });
  try {
    const options = {
      condition: 'create',
      contentType: 'application/gzip',
      ...(signal && { signal }),
    } as const;
    await store.put(journalKey(id, version), body, options);
  } catch (error) {
    if (isMusterError(error, 'conflict')) return false;
    throw error;
  }
  return true;
}
