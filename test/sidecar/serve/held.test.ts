import { expect, test } from '@jest/globals';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { heldKey } from '../../../lib/targets/keys.ts';
import { fill, statusOf } from '../../support/bucket.ts';
import { providerOf } from '../../support/provider.ts';
import { cleanUpAfterEach } from '../world.ts';
import { services } from './lively-store.ts';
import { startTestServer } from './test-server.ts';

cleanUpAfterEach();

const end = new Date('2026-03-01T12:00:00Z');
const dashed = { job: '--my job', provider: 'consul-0' };

/** Thirty targets of which a listing of three came a minute ago, and another provider of the job that is well. */
async function heldStore(): Promise<ObjectStore> {
  const store = createMemoryStore();
  const cycle = (counts: readonly number[], id = { job: 'batch', provider: 'consul-0' }) =>
    counts.reduce(async (before, count, index) => {
      await before;
      const now = () => new Date(end.getTime() - 60_000 * (counts.length - index));
      const provider = providerOf(() => services('batch', count), id);
      await runCycle(provider, { store, run: `${id.provider}-${index}`, now });
    }, Promise.resolve());
  await cycle([30, 3]);
  await cycle([4, 4], { job: 'batch', provider: 'consul-1' });
  await cycle([30, 3], dashed);
  return store;
}

const open = (store: ObjectStore) => startTestServer(store, { now: () => end.getTime() });

const message =
  'the listing fell from 30 to 3 targets: 27 targets stay published until they have been missing for 15m (0s so far)';

test('draws what is held as the diff that it would be, with why, since when, until when, and the command', async () => {
  const page = (await (await open(await heldStore())).get('/jobs/batch')).text;
  const section = page.slice(page.indexOf('<h2 id="held">'), page.indexOf('<h2 id="recent">'));
  const text = section.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  expect(text).toContain(`${message} Held since`);
  expect(text).toContain('2026-03-01 11:59:00 UTC. The last listing has 3 targets.');
  expect(text).toContain('It goes by itself at 2026-03-01 12:14:00 UTC, if the listings stay as they are.');
  expect(text).toContain('27 targets would be removed:');
  expect(section).toContain(
    '<code class="command"><bdi>muster accept --job batch --provider consul-0</bdi></code>',
  );
  expect(section.match(/<li class="removed">/g)).toHaveLength(27);
  expect(section).toContain('10.5.0.30:9100');
});

test('has what is held as JSON, of a job or of all, in pages', async () => {
  const server = await open(await heldStore());
  const read = async (query: string) => JSON.parse((await server.get(`/api/v1/held${query}`)).text);
  expect(await read('?job=batch&limit=1')).toEqual({
    ...{ offset: 0, limit: 1, more: 0 },
    items: [
      {
        ...{ source: '', job: 'batch', provider: 'consul-0', kind: 'drop', version: 1, message },
        ...{ since: '2026-03-01T11:59:00.000Z', until: '2026-03-01T12:14:00.000Z', targets: 27, listed: 3 },
        command: 'muster accept --job batch --provider consul-0',
        rows: [{ source: 'batch/1', labels: expect.objectContaining({ __address__: '10.5.0.5:9100' }) }],
      },
    ],
  });
  const all = await read('');
  expect(all.items.map((one: Record<string, unknown>) => one.command).sort()).toEqual([
    'muster accept --job batch --provider consul-0',
    "muster accept --job='--my job' --provider consul-0",
  ]);
  expect((await read('?job=batch&offset=26')).items[0].rows).toHaveLength(1);
});

test('says what is held by the status alone where the rest cannot be read', async () => {
  const store = await heldStore();
  await fill(store, { [heldKey({ job: 'batch', provider: 'consul-0' })]: 'rubbish' });
  const page = (await (await open(store)).get('/jobs/batch')).text;
  expect(page).toContain('muster accept --job batch --provider consul-0');
  expect(page).toContain('held/batch/consul-0.json.gz is not gzip');
});

test('marks what was confirmed without a person, damaged, retiring, and held from retiring, each with its command', async () => {
  const store = createMemoryStore();
  const at = new Date(end.getTime() - 60_000).toISOString();
  const fresh = { last_attempt: at, last_success: at, files: [] };
  const retiring = { since: at, waited_seconds: 0, looked: at };
  await fill(
    store,
    statusOf('a/dns-0', { ...fresh, confirmed: { at, targets: 1 } }),
    statusOf('b/dns-0', { ...fresh, damaged: { at, message: 'snapshots/b/dns-0.json.gz is not gzip' } }),
    statusOf('c/dns-0', { ...fresh, retiring }),
    statusOf('d/dns-0', { ...fresh, retiring: { ...retiring, held: '7 of 8 published targets would go' } }),
    statusOf('e/dns-0', fresh),
    statusOf('f/dns-0', { ...fresh, retiring, pinned: { since: at, by: 'ann' } }),
  );
  const server = await open(store);
  const { providers } = JSON.parse((await server.get('/api/v1/providers')).text);
  expect(
    providers.map(({ job, state, reason, command }: Record<string, string>) => [job, state, reason, command]),
  ).toEqual([
    ['d', 'held', '7 of 8 published targets would go', 'muster accept --retired'],
    [
      ...['b', 'damaged'],
      'the store was damaged, and mended as far as it could be: snapshots/b/dns-0.json.gz is not gzip; muster history --job b --provider dns-0 shows what it has',
      undefined,
    ],
    [
      ...['f', 'pinned'],
      'it left the configuration; the list is pinned by ann until it is unpinned, and it is not retired before',
      'muster unpin f --provider dns-0',
    ],
    [
      ...['a', 'confirmed'],
      '1 target left after a hold that nobody accepted; muster history --job a --provider dns-0 shows which',
      undefined,
    ],
    [
      ...['c', 'retiring', 'it left the configuration, and is retired when it has waited'],
      'muster retire c --provider dns-0',
    ],
    ['e', 'ok', '', undefined],
  ]);
  expect((await server.get('/')).text).toMatch(/<dt>need attention<\/dt><dd>4<\/dd>/);
  expect((await server.get('/jobs/c')).text).toContain('muster retire c --provider dns-0');
});
