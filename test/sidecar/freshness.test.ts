import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import type { Status } from '../../lib/cycle/status.ts';
import { createFreshness } from '../../lib/sidecar/mirror/freshness.ts';
import { fileOf, fill, statusOf } from '../support/bucket.ts';
import { watchStore } from './counting-store.ts';
import { cleanUpAfterEach, round, syncedWorld, targets } from './world.ts';

cleanUpAfterEach();

const id = { job: 'web/edge', provider: 'consul-0' };
const name = 'web%2Fedge/consul-0';
const status = `status/${name}.json`;
const minutes = 60_000;
const signal = new AbortController().signal;
const iso = (time: number) => new Date(time).toISOString();

/** One mirrored provider and a clock. */
async function world() {
  const { memory, folder } = await syncedWorld({ 'web%2Fedge/consul-0.json': targets('a:1') });
  const { store, reads } = watchStore(memory);
  const clock = { now: 100 * minutes };
  const options = { staleAfter: 15 * minutes, now: () => clock.now, elapsed: () => clock.now };
  const beat = (lastSuccess: number, fields: Partial<Status> = {}) =>
    fill(
      memory,
      statusOf(name, { last_attempt: iso(lastSuccess), last_success: iso(lastSuccess), ...fields }),
    );
  return { memory, store, reads, folder, clock, beat, look: createFreshness({ store, ...options }), options };
}

const verdict = async ({ folder, look }: Awaited<ReturnType<typeof world>>) => {
  const { ages } = await look(folder.owned, signal);
  return ages.map(({ stale, reason, lastSuccess }) => ({ stale, reason, lastSuccess }));
};

test('flags a provider whose last success is too old, and takes the flag away soon after it is well', async () => {
  const one = await world();
  await one.beat(90 * minutes);
  expect(await one.look(one.folder.owned, signal)).toEqual({
    ages: [
      {
        ...id,
        lastSuccess: 90 * minutes,
        stale: false,
        reason: undefined,
        heartbeat: {
          etag: expect.any(String),
          lastAttempt: 90 * minutes,
          lastSuccess: 90 * minutes,
          failures: 0,
          damaged: false,
          pinned: false,
        },
      },
    ],
    error: undefined,
  });
  one.clock.now = 106 * minutes;
  expect(await verdict(one)).toEqual([{ stale: true, reason: 'old', lastSuccess: 90 * minutes }]);
  await one.beat(106 * minutes);
  one.clock.now = 107 * minutes;
  expect(await verdict(one)).toEqual([{ stale: false, reason: undefined, lastSuccess: 106 * minutes }]);
});

test('reads a provider that is well once in half of the time, and only what changed', async () => {
  const { reads, folder, clock, beat, look } = await world();
  await beat(100 * minutes);
  for (let turn = 0; turn < 30; turn += 1) {
    await look(folder.owned, signal);
    clock.now += 15_000;
  }
  expect(reads).toEqual([status]);
  clock.now += minutes;
  await look(folder.owned, signal);
  expect(reads[1]).toMatch(/^status\/web%2Fedge\/consul-0\.json unless /);
});

test('reads one that is held or failing more often, so that what changes shows soon', async () => {
  const one = await world();
  const held = { kind: 'drop', since: iso(0), targets: 30, listed: 10, message: 'm' } as const;
  await one.beat(100 * minutes, { held, failures: 2, error: { kind: 'denied', message: 'no' } });
  const [age] = (await one.look(one.folder.owned, signal)).ages;
  expect(age?.heartbeat).toMatchObject({ held: 30, failures: 2, errorKind: 'denied' });
  await one.beat(101 * minutes);
  one.clock.now += minutes;
  const [next] = (await one.look(one.folder.owned, signal)).ages;
  expect(next?.heartbeat).toMatchObject({ failures: 0 });
  expect(one.reads).toHaveLength(2);
});

describe('a provider whose status does not tell is stale, never unseen', () => {
  const unseen = { stale: true, lastSuccess: 100 * minutes };

  test('because there is none', async () => {
    expect(await verdict(await world())).toEqual([{ ...unseen, reason: 'missing' }]);
  });

  test('because it is rubbish', async () => {
    const one = await world();
    await fill(one.memory, { [status]: '?' });
    expect(await verdict(one)).toEqual([{ ...unseen, reason: 'unreadable' }]);
  });

  test('because it may not be read, from the first look on', async () => {
    const one = await world();
    await one.beat(100 * minutes);
    const { store } = watchStore(one.memory, {
      get: () => Promise.reject(new MusterError('denied', 'not status/')),
    });
    const look = createFreshness({ ...one.options, store });
    expect(await look(one.folder.owned, signal)).toMatchObject({
      ages: [{ ...unseen, reason: 'unreadable' }],
      error: { kind: 'denied', message: 'not status/' },
    });
  });

  test('because the clock of its function is a year ahead', async () => {
    const one = await world();
    await one.beat(365 * 24 * 60 * minutes);
    expect(await verdict(one)).toEqual([
      { stale: true, reason: 'clock', lastSuccess: 365 * 24 * 60 * minutes },
    ]);
    await one.beat(101 * minutes);
    one.clock.now += minutes;
    expect(await verdict(one)).toEqual([{ stale: false, reason: undefined, lastSuccess: 101 * minutes }]);
  });

  test('because a later Muster wrote it, unless it tells its last success', async () => {
    const one = await world();
    await fill(one.memory, { [status]: '{"schema":2}' });
    expect(await verdict(one)).toEqual([{ ...unseen, reason: 'newer' }]);
    await fill(one.memory, { [status]: JSON.stringify({ schema: 2, last_success: iso(100 * minutes) }) });
    one.clock.now += minutes;
    expect(await verdict(one)).toEqual([{ stale: false, reason: undefined, lastSuccess: 100 * minutes }]);
    one.clock.now += 15 * minutes;
    expect(await verdict(one)).toEqual([{ stale: true, reason: 'newer', lastSuccess: 100 * minutes }]);
  });

  test('and as old as when this mirror first saw its list', async () => {
    const one = await world();
    await verdict(one);
    one.clock.now += 7 * minutes;
    expect((await verdict(one))[0]?.lastSuccess).toBe(100 * minutes);
    await fill(one.memory, fileOf(name, 1, ['a:2']));
    await round(one.memory, one.folder);
    expect((await verdict(one))[0]?.lastSuccess).toBe(107 * minutes);
  });
});

test('keeps what it knew when statuses cannot be read, and grows old with it', async () => {
  const { memory, folder, clock, beat, options } = await world();
  await beat(99 * minutes);
  let down = false;
  const { store } = watchStore(memory, {
    get: (key, asked) =>
      down ? Promise.reject(new MusterError('denied', 'not status/')) : memory.get(key, asked),
  });
  const look = createFreshness({ ...options, store });
  await look(folder.owned, signal);
  down = true;
  clock.now += 20 * minutes;
  expect(await look(folder.owned, signal)).toMatchObject({
    ages: [{ ...id, lastSuccess: 99 * minutes, stale: true, reason: 'old' }],
    error: { kind: 'denied', message: 'not status/' },
  });
});

test('reads at most 50 providers a round, all of them in time, and has a series for each from the first', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 120 }, (_, at) => [`j${at}/dns-0.json`, targets('a:1')]),
  );
  const { store, reads, folder } = await syncedWorld(many);
  const now = () => 100 * minutes;
  const look = createFreshness({ store, staleAfter: 15 * minutes, now, elapsed: now });
  const counts: number[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const before = reads.length;
    expect((await look(folder.owned, signal)).ages).toHaveLength(120);
    counts.push(reads.length - before);
  }
  expect(counts).toEqual([50, 50, 20, 0]);
});
