import { expect, test } from '@jest/globals';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import { readStatus } from '../../../lib/cycle/status.ts';
import { historyOf, newestChanges } from '../../../lib/sidecar/serve/change-feed.ts';
import { createJournal } from '../../../lib/sidecar/serve/journal.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { id, inputOf, listing, providerOf } from '../../support/provider.ts';

test('a store that was emptied and filled anew shows its own past, not the one before', async () => {
  const store = createMemoryStore();
  const journal = createJournal(store);
  const seen = async () => {
    const { status } = await readStatus(store, id);
    if (status === undefined) throw new Error('no status');
    const providers = [{ ...id, source: '', status, journal }];
    const { signal } = new AbortController();
    const { items } = await newestChanges(providers, { limit: 5, signal });
    const { points } = await historyOf(providers);
    return [items.map(({ counts }) => counts.added), points.map(({ targets }) => targets)];
  };
  await runCycle(
    providerOf(() => listing(7)),
    inputOf(store),
  );
  expect(await seen()).toEqual([[7], [7]]);
  for (const { key } of await store.list('')) await store.delete(key);
  await runCycle(
    providerOf(() => listing(3)),
    inputOf(store),
  );
  expect(await seen()).toEqual([[3], [3]]);
});
