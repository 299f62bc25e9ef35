import { expect, test } from '@jest/globals';
import { clearJournal } from '../../lib/cycle/journal.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { journalFolder, journalKey, parseJournalVersion } from '../../lib/targets/keys.ts';
import { id } from '../support/provider.ts';

const day = 86_400_000;

/** Versions that are left of so many, all written now, after a cycle of this version so many days later. */
async function leftOf(written: number, version: number, days: number, min_versions = 100) {
  const store = createMemoryStore();
  for (let one = 1; one <= written; one++)
    await store.put(journalKey(id, one), Buffer.from('x'), { condition: 'create' });
  const now = new Date(Date.now() + days * day);
  await clearJournal(id, version, { keep: 90 * day, min_versions }, { store, now });
  const keys = (await store.list(journalFolder(id))).map(({ key }) => parseJournalVersion(key) ?? 0);
  return { count: keys.length, oldest: keys[0], newest: keys.at(-1) };
}

test.each([
  [
    'goes once it is too old, but for the newest versions',
    300,
    300,
    91,
    { count: 100, oldest: 201, newest: 300 },
  ],
  ['stays while it is young', 300, 300, 89, { count: 300, oldest: 1, newest: 300 }],
  ['goes in steps', 1000, 1000, 91, { count: 500, oldest: 501, newest: 1000 }],
  ['is looked at in every hundredth version alone', 300, 299, 91, { count: 300, oldest: 1, newest: 300 }],
  ['stays where it came after the snapshot', 305, 300, 91, { count: 105, oldest: 201, newest: 305 }],
])('the journal %s', async (_, written, version, days, left) => {
  expect(await leftOf(written, version, days)).toEqual(left);
});
