import { beforeEach, describe, expect, test } from '@jest/globals';
import { publishOutput } from '../../../lib/kube-state/publish.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { statusOf, testOutput } from '../../kube-state/publishing/world.ts';
import { cleanUpAfterEach } from '../world.ts';
import { startTestServer } from './test-server.ts';

cleanUpAfterEach();

const signal = new AbortController().signal;
const start = new Date('2026-05-01T10:00:00Z');
let store: ObjectStore;

/** Four outputs: one that is well, one that fails, one that is held, and one that is no longer written. */
beforeEach(async () => {
  store = createMemoryStore();
  const publish = async (name: string, ...listings: readonly Parameters<typeof testOutput>[1][]) => {
    const one = testOutput(name);
    for (const [index, next] of listings.entries()) {
      one.next = next ?? {};
      const now = () => new Date(start.getTime() + index * 1000);
      await publishOutput(one.output, { store, signal, now }).catch(() => undefined);
    }
  };
  await publish('good', { kube_pod_info: 30 });
  await publish('bad', { kube_pod_info: 30 }, new Error('<b>no answer</b>'));
  await publish('held', { kube_pod_info: 30 }, {});
  await store.put('metrics/bare.prom.gz', new Uint8Array(), { condition: 'create' });
});

const open = (minutes = 1) => startTestServer(store, { now: () => start.getTime() + minutes * 60_000 });

describe('a kube-state output', () => {
  test('is in the JSON with its state, its reason and its status', async () => {
    const { text } = await (await open()).get('/api/v1/outputs');
    const held = await statusOf(store, 'held');
    const facts = { source: '', published: '2026-05-01T10:00:00.000Z' };
    expect(JSON.parse(text)).toEqual({
      errors: [],
      outputs: [
        {
          ...{ ...facts, output: 'bad', state: 'failing', status: await statusOf(store, 'bad') },
          reason: 'the last cycle failed: <b>no answer</b>',
        },
        {
          ...{ ...facts, output: 'held', state: 'held', reason: held?.held?.message, status: held },
          command: 'muster accept --kube-state held',
        },
        {
          ...{ source: '', output: 'bare', state: 'unknown' },
          reason: 'the store has no status of it that this Muster can read',
        },
        { ...facts, output: 'good', state: 'ok', reason: '', status: await statusOf(store, 'good') },
      ],
    });
  });

  test('that failed or is held counts as what needs attention on the page', async () => {
    const { text } = await (await open()).get('/');
    expect(text).toMatch(/<dt>need attention<\/dt><dd>2<\/dd>/);
    expect(text).toContain('the last cycle failed: &lt;b&gt;no answer&lt;/b&gt;');
    const rows = text.slice(text.indexOf('<h2 id="outputs">')).split('<th scope="row">').slice(1);
    expect(rows.map((row) => /bad|held|bare|good/.exec(row)?.[0])).toEqual(['bad', 'held', 'bare', 'good']);
  });

  test('that is no longer written is stale once its text is not served', async () => {
    const { text } = await (await open(6)).get('/api/v1/outputs');
    expect(text).toContain('"output":"good","state":"stale"');
  });
});
