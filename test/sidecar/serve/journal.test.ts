import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { createJournal } from '../../../lib/sidecar/serve/journal.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { journalKey } from '../../../lib/targets/keys.ts';

const id = { job: 'api', provider: 'consul-0' };
const at = '2026-03-01T12:00:00.000Z';

async function summaryOf(group: string, run = 'run-1') {
  const head = JSON.stringify({ schema: 1, version: 1, at, reason: 'confirmed', run }).slice(0, -1);
  const store = createMemoryStore();
  const body = gzipSync(`${head},\n"added":[\n${group}\n],\n"removed":[],\n"changed":[]}\n`);
  await store.put(journalKey(id, 1), body, { condition: 'create' });
  return createJournal(store).summary(id, 1, '');
}

test('a group of millions of tiny values is named too large, and nothing is made of it', async () => {
  const group = `{"source":"s","labels":{},"targets":[{}${',{}'.repeat(3_000_000)}]}`;
  expect(await summaryOf(group)).toMatchObject({
    counts: { added: 0, removed: 0, changed: 0 },
    problem: `${journalKey(id, 1)}: the text is too large when unpacked`,
  });
});

test('what is kept of an entry is short, however long its texts are', async () => {
  const address = `${'a'.repeat(100_000)}:80`;
  const group = JSON.stringify({ source: address, labels: {}, targets: [{ __address__: address }] });
  const summary = await summaryOf(group, 'r'.repeat(100_000));
  expect(summary).toMatchObject({ counts: { added: 1, removed: 0, changed: 0 }, problem: undefined });
  expect(JSON.stringify(summary).length).toBeLessThan(1000);
});
