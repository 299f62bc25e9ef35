import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { createLogger } from '../../../lib/base/logger.ts';
import { publishOutput } from '../../../lib/kube-state/publish.ts';
import { acceptHeldOutput } from '../../../lib/kube-state/stored.ts';
import { outputOnce } from '../../../lib/run/kube-state-cycle.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { statusOf, testOutput } from './world.ts';

const signal = new AbortController().signal;
const full = { kube_pod_info: 300, kube_node_info: 20 };
const noPods = { kube_node_info: 20 };

let store: ObjectStore;
let clock: Date;
beforeEach(() => {
  store = createMemoryStore();
  clock = new Date('2026-05-01T10:00:00Z');
});

const prod = testOutput('prod');
/** Publishes what a listing comes to, so many minutes after the one before. */
async function look(next: typeof prod.next, minutes = 1): Promise<string> {
  clock = new Date(clock.getTime() + minutes * 60_000);
  prod.next = next;
  try {
    return (await publishOutput(prod.output, { store, signal, now: () => clock })).outcome;
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  }
}

async function samplesInStore(): Promise<number> {
  const found = await store.get('metrics/prod.prom.gz');
  if (found === undefined) return 0;
  return (
    gunzipSync(found.body)
      .toString()
      .match(/^kube_(?:pod|node)_info/gm)?.length ?? 0
  );
}

describe('text that lost the pods', () => {
  test('stays as it was while the loss is young, and the status says what is held', async () => {
    expect([await look(full), await look(noPods), await samplesInStore()]).toEqual([
      'published',
      'held',
      320,
    ]);
    const status = await statusOf(store, 'prod');
    expect(status?.held).toEqual({
      since: '2026-05-01T10:02:00.000Z',
      message:
        'samples gone: all together 320 -> 20, kube_pod_info 300 -> 0: the last good text stays until it was seen for 60m, or "muster accept --kube-state prod"',
      families: {
        '*': { since: '2026-05-01T10:02:00.000Z', waited: 0, before: 320, after: 20 },
        kube_pod_info: { since: '2026-05-01T10:02:00.000Z', waited: 0, before: 300, after: 0 },
      },
    });
    expect(status).toMatchObject({
      ...{ samples: 320, objects: 320, listings: 2, last_success: '2026-05-01T10:01:00.000Z' },
      last_attempt: '2026-05-01T10:02:00.000Z',
    });
  });

  test('is published once the loss was seen for an hour, and the log warns that nobody said so', async () => {
    const outcomes = [await look(full)];
    for (let minute = 0; minute <= 60; minute += 5) outcomes.push(await look(noPods, 5));
    expect([outcomes.slice(1, -1), outcomes.at(-1)]).toEqual([Array(12).fill('held'), 'published']);
    expect([await samplesInStore(), (await statusOf(store, 'prod'))?.confirmed?.message]).toEqual([
      20,
      'all together 320 -> 20, kube_pod_info 300 -> 0',
    ]);
  });

  test('is published when an operator accepts it, and a further loss is not', async () => {
    await look(full);
    await look({ ...full, kube_pod_info: 100 });
    expect(Object.keys((await acceptHeldOutput('prod', { store, signal }, clock))?.families ?? {})).toEqual([
      '*',
      'kube_pod_info',
    ]);
    expect([await look(noPods), await look({ ...full, kube_pod_info: 90 })]).toEqual(['held', 'published']);
    expect(await acceptHeldOutput('prod', { store, signal }, clock)).toBeUndefined();
  });

  test('is held although the status is lost or damaged: then the text itself is counted', async () => {
    for (const damage of [undefined, '{"schema": 1', '{"schema": 1}', 'x'.repeat(2 << 20)]) {
      await store.delete('metrics/prod.prom.gz');
      await store.delete('metrics/prod.status.json');
      await look(full);
      if (damage === undefined) await store.delete('metrics/prod.status.json');
      else await store.put('metrics/prod.status.json', Buffer.from(damage), { condition: 'any' });
      expect([await look({}), await samplesInStore()]).toEqual(['held', 320]);
    }
  });

  test('is held after the first text of a Muster without statuses, and where a failed cycle came first', async () => {
    await look(full);
    await store.delete('metrics/prod.status.json');
    await look(new MusterError('unreachable', 'no answer'));
    expect([await look(noPods), await samplesInStore()]).toEqual(['held', 320]);
  });
});

describe('the status of an output', () => {
  test('says why a cycle failed, how often in a row, and what is published all the same', async () => {
    await look(full);
    const failure = new MusterError('denied', 'prod: may not list pods');
    expect([await look(failure), await look(failure)]).toEqual(Array(2).fill('prod: may not list pods'));
    expect(await statusOf(store, 'prod')).toMatchObject({
      ...{ schema: 1, output: 'prod', failures: 2, failed_listings: 2, listings: 1, samples: 320 },
      error: { kind: 'denied', message: 'prod: may not list pods' },
      ...{ last_attempt: '2026-05-01T10:03:00.000Z', last_success: '2026-05-01T10:01:00.000Z' },
    });
    await look(full);
    const status = await statusOf(store, 'prod');
    expect([status?.error, status?.failures, status?.failed_listings]).toEqual([undefined, 0, 2]);
  });

  test('of a newer Muster is left as it is, and so is the text', async () => {
    await look(full);
    const newer = Buffer.from('{"schema": 2, "kind": "other"}');
    await store.put('metrics/prod.status.json', newer, { condition: 'any' });
    expect(await look(noPods)).toBe(
      'metrics/prod.status.json was written by a newer Muster (schema 2): update this one, nothing was changed',
    );
    const found = await store.get('metrics/prod.status.json');
    expect([Buffer.from(found?.body ?? []).toString(), await samplesInStore()]).toEqual([
      newer.toString(),
      320,
    ]);
  });

  test("keeps an operator's word that came while the cluster was listed", async () => {
    await look(full);
    await look(noPods);
    prod.next = noPods;
    const slow = {
      ...prod.output,
      async render(until: AbortSignal) {
        await acceptHeldOutput('prod', { store, signal }, clock);
        return prod.output.render(until);
      },
    };
    const late = await publishOutput(slow, { store, signal, now: () => clock });
    expect([late.outcome, await look(noPods)]).toEqual(['held', 'published']);
  });
});

test('a cycle tells the log of what is held and of what passed unasked, as warnings', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', write: (line) => lines.push(line) });
  const now = testOutput('now', full);
  await outputOnce(now.output, { store, log, signal });
  now.next = noPods;
  const result = await outputOnce(now.output, { store, log, signal });
  expect([result.outcome, lines.map((line) => /level=(\w+)/.exec(line)?.[1])]).toEqual([
    'held',
    ['info', 'warn'],
  ]);
});
