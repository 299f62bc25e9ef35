import { beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../lib/base/logger.ts';
import { publishOutput } from '../../../lib/kube-state/publish.ts';
import { retireOutputs } from '../../../lib/kube-state/stored.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { statusOf, testOutput } from './world.ts';

const signal = new AbortController().signal;
const gone = testOutput('gone', { kube_pod_info: 20 });
const stays = testOutput('stays', { kube_pod_info: 20 });

let store: ObjectStore;
let clock: Date;
beforeEach(async () => {
  store = createMemoryStore();
  clock = new Date('2026-05-01T10:00:00Z');
  for (const { output } of [gone, stays]) await publishOutput(output, { store, signal, now: () => clock });
});

/** Looks at what left, so many minutes after the last time. */
async function look(minutes: number, configured = [stays.output], isEmpty = false) {
  clock = new Date(clock.getTime() + minutes * 60_000);
  const input = { store, log: silentLogger, signal };
  return retireOutputs({ outputs: configured, isEmpty }, input, { now: () => clock });
}

const keys = async () => (await store.list('')).map(({ key }) => key);

describe('an output that left the configuration', () => {
  test('stays for a quarter of an hour, seen in three looks, and leaves a tombstone', async () => {
    expect(await look(0)).toEqual({ retired: [], leaving: [{ output: 'gone', stays: 15 * 60_000 }] });
    expect(await look(60)).toEqual({ retired: [], leaving: [{ output: 'gone', stays: 7.5 * 60_000 }] });
    expect((await statusOf(store, 'gone'))?.leaving).toEqual({
      ...{ since: '2026-05-01T10:00:00.000Z', waited: 450_000, seen: '2026-05-01T11:00:00.000Z' },
    });
    expect(await look(60)).toEqual({ retired: ['gone'], leaving: [] });
    expect(await keys()).toEqual([
      'metrics/stays.prom.gz',
      'metrics/stays.status.json',
      'retired/kube-state/gone.json',
    ]);
    const found = await store.get('retired/kube-state/gone.json');
    expect(JSON.parse(Buffer.from(found?.body ?? []).toString())).toEqual({
      ...{
        schema: 1,
        object: 'gone',
        at: '2026-05-01T12:00:00.000Z',
        reason: 'no longer in the configuration',
      },
    });
  });

  test('that comes back is as it was, and has its whole time again', async () => {
    await look(0);
    await look(7);
    await publishOutput(gone.output, { store, signal, now: () => clock });
    expect((await statusOf(store, 'gone'))?.leaving).toBeUndefined();
    expect((await look(60)).leaving).toEqual([{ output: 'gone', stays: 15 * 60_000 }]);
  });

  test('gains nothing from a clock that steps back', async () => {
    await look(0);
    expect((await look(-600)).leaving).toEqual([{ output: 'gone', stays: 15 * 60_000 }]);
  });

  test('goes with its status although it never had a text', async () => {
    await store.delete('metrics/gone.prom.gz');
    for (const minutes of [0, 60, 60]) await look(minutes);
    expect(await keys()).not.toContain('metrics/gone.status.json');
  });

  test('is kept by a configuration that is empty', async () => {
    for (const minutes of [0, 60, 60, 60])
      expect(await look(minutes, [], true)).toEqual({ retired: [], leaving: [] });
  });
});
