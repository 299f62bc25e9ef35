import { expect, test } from '@jest/globals';
import { type Status, writeStatus } from '../../lib/discovery/status.ts';
import { MusterError } from '../../lib/errors.ts';
import { createFreshness } from '../../lib/sidecar/freshness.ts';
import { watchStore } from './counting-store.ts';
import { cleanUpAfterEach, syncedWorld, targets } from './world.ts';

cleanUpAfterEach();

const id = { job: 'web/edge', provider: 'consul-0' };
const minutes = 60_000;
const signal = new AbortController().signal;

function statusAt(lastSuccess: number | undefined): Status {
  return {
    schema: 1,
    ...id,
    ...{ run: 'r', duration_seconds: 1, version: 1, published_version: 1, groups: 1, targets: 1 },
    ...{ files: [], failures: 0, last_attempt: new Date(lastSuccess ?? 0).toISOString() },
    ...(lastSuccess !== undefined && { last_success: new Date(lastSuccess).toISOString() }),
  };
}

/** One mirrored provider and a clock. */
async function world() {
  const { memory, folder } = await syncedWorld({ 'web%2Fedge/consul-0.json': targets('a:1') });
  const { store, reads } = watchStore(memory);
  const clock = { now: 100 * minutes };
  const beat = async (lastSuccess: number | undefined) => {
    await memory.delete('status/web%2Fedge/consul-0.json');
    await writeStatus(memory, id, statusAt(lastSuccess), undefined);
  };
  return { memory, store, reads, folder, clock, beat };
}

test('flags a provider whose last success is too old, and takes the flag away soon after it is well', async () => {
  const { store, folder, clock, beat } = await world();
  const look = createFreshness({ store, staleAfter: 15 * minutes, now: () => clock.now });
  await beat(90 * minutes);
  expect(await look(folder.owned, signal)).toEqual({
    ages: [{ ...id, lastSuccess: 90 * minutes, stale: false }],
    error: undefined,
  });
  clock.now = 106 * minutes;
  expect((await look(folder.owned, signal)).ages).toEqual([
    { ...id, lastSuccess: 90 * minutes, stale: true },
  ]);
  await beat(106 * minutes);
  clock.now = 107 * minutes;
  expect((await look(folder.owned, signal)).ages).toEqual([
    { ...id, lastSuccess: 106 * minutes, stale: false },
  ]);
});

test('reads a provider that is well once in half of the time, and only what changed', async () => {
  const { store, reads, folder, clock, beat } = await world();
  const look = createFreshness({ store, staleAfter: 15 * minutes, now: () => clock.now });
  await beat(100 * minutes);
  for (let round = 0; round < 30; round += 1) {
    await look(folder.owned, signal);
    clock.now += 15_000;
  }
  expect(reads).toEqual(['status/web%2Fedge/consul-0.json']);
  clock.now += minutes;
  await look(folder.owned, signal);
  expect(reads[1]).toMatch(/^status\/web%2Fedge\/consul-0\.json unless /);
});

test('says nothing of a provider without a success or without a status', async () => {
  const { store, memory, folder, clock, beat } = await world();
  const look = createFreshness({ store, staleAfter: 15 * minutes, now: () => clock.now });
  const unknown = { ages: [], error: undefined };
  expect(await look(folder.owned, signal)).toEqual(unknown);
  clock.now += minutes;
  await beat(undefined);
  expect(await look(folder.owned, signal)).toEqual(unknown);
  clock.now += minutes;
  await memory.put('status/web%2Fedge/consul-0.json', Buffer.from('?'), { condition: 'any' });
  expect(await look(folder.owned, signal)).toEqual(unknown);
});

test('keeps what it knew when statuses cannot be read, and grows old with it', async () => {
  const { memory, folder, clock, beat } = await world();
  await beat(99 * minutes);
  let down = false;
  const { store } = watchStore(memory, {
    get: (key, options) =>
      down ? Promise.reject(new MusterError('denied', 'not status/')) : memory.get(key, options),
  });
  const look = createFreshness({ store, staleAfter: 15 * minutes, now: () => clock.now });
  await look(folder.owned, signal);
  down = true;
  clock.now += 20 * minutes;
  expect(await look(folder.owned, signal)).toMatchObject({
    ages: [{ ...id, lastSuccess: 99 * minutes, stale: true }],
    error: { kind: 'denied', message: 'not status/' },
  });
});

test('reads at most 50 providers a round, all of them in time', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => [`j${at}/dns-0.json`, targets('a:1')]),
  );
  const { store, reads, folder } = await syncedWorld(many);
  const look = createFreshness({ store, staleAfter: 15 * minutes, now: () => 100 * minutes });
  const counts: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const before = reads.length;
    await look(folder.owned, signal);
    counts.push(reads.length - before);
  }
  expect(counts).toEqual([50, 50, 20, 0]);
});
