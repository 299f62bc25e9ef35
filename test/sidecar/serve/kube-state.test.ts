import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../../lib/base/errors.ts';
import { gzipHead, stampGzip } from '../../../lib/kube-state/gzip-time.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { countingStore } from '../../support/counting-store.ts';
import { cleanUpAfterEach } from '../world.ts';
import { startTestServer } from './test-server.ts';

cleanUpAfterEach();

const listed = new Date('2026-03-01T12:00:00Z');
const text =
  '# HELP kube_pod_info Information about pod.\n# TYPE kube_pod_info gauge\nkube_pod_info{pod="a"} 1\n';

function packed(content: string, at: Date = listed): Uint8Array {
  const gzip = gzipSync(content);
  stampGzip(gzip, at);
  return gzip;
}

async function storeOf(objects: Readonly<Record<string, Uint8Array>>): Promise<ObjectStore> {
  const store = createMemoryStore();
  for (const [key, body] of Object.entries(objects)) await store.put(key, body, { condition: 'any' });
  return store;
}

const later = (seconds: number) => () => listed.getTime() + seconds * 1000;

describe('a kube-state output', () => {
  test('is passed on as it is stored, and unpacked for those who take no gzip', async () => {
    const body = packed(text);
    const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': body }), { now: later(60) });
    const raw = await fetch(`${server.url}/kube-state/prod`, { headers: { 'accept-encoding': 'gzip' } });
    expect([raw.status, raw.headers.get('content-encoding'), raw.headers.get('content-length')]).toEqual([
      200,
      'gzip',
      String(body.byteLength),
    ]);
    expect(await raw.text()).toBe(text);
    const plain = await server.get('/kube-state/prod', { 'accept-encoding': 'identity' });
    expect([plain.status, plain.headers.get('content-encoding'), plain.text]).toEqual([200, null, text]);
    for (const { headers } of [raw, plain]) {
      expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(headers.get('last-modified')).toBe('Sun, 01 Mar 2026 12:00:00 GMT');
      expect(headers.get('vary')).toBe('accept-encoding');
    }
  });

  test('is text 0.0.4 also for a scraper that prefers OpenMetrics', async () => {
    const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': packed(text) }), {
      now: later(1),
    });
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5';
    const { headers } = await server.get('/kube-state/prod', { accept });
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  test('is refused once it is stale, so that `up` is 0, and served again when it is fresh', async () => {
    const store = await storeOf({ 'metrics/prod.prom.gz': packed(text) });
    let time = 300;
    const server = await startTestServer(store, { now: () => later(time)() });
    expect((await server.get('/kube-state/prod')).status).toBe(200);
    time = 301;
    const { status, text: reason } = await server.get('/kube-state/prod');
    expect([status, reason]).toEqual([
      503,
      'metrics/prod.prom.gz is stale: its cluster was listed 301 s ago\n',
    ]);
    await store.put('metrics/prod.prom.gz', packed(text, new Date(later(290)())), { condition: 'any' });
    expect((await server.get('/kube-state/prod')).status).toBe(200);
  });

  // A clock that is wrong must not keep it on show for ever.
  test('that says it was listed in the future is refused', async () => {
    const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': packed(text) }), {
      now: later(-301),
    });
    const { status, text: reason } = await server.get('/kube-state/prod');
    expect([status, reason]).toEqual([
      503,
      'metrics/prod.prom.gz says that its cluster was listed in the future\n',
    ]);
  });

  test('that does not say how old it is, is refused', async () => {
    const server = await startTestServer(
      await storeOf({
        'metrics/plain.prom.gz': gzipSync(text),
        'metrics/text.prom.gz': Buffer.from(text),
        'metrics/empty.prom.gz': new Uint8Array(),
      }),
    );
    for (const name of ['plain', 'text', 'empty']) {
      const { status, text: reason } = await server.get(`/kube-state/${name}`);
      expect([status, reason]).toEqual([
        503,
        `metrics/${name}.prom.gz does not say when its cluster was listed\n`,
      ]);
    }
  });

  test('that did not change is asked for and not fetched again', async () => {
    const { store, calls, reset } = countingStore(await storeOf({ 'metrics/prod.0.prom.gz': packed(text) }));
    const server = await startTestServer(store, { now: later(1), mirrored: false });
    reset();
    for (let scrape = 0; scrape < 3; scrape++)
      expect((await server.get('/kube-state/prod.0')).text).toBe(text);
    await store.put('metrics/prod.0.prom.gz', packed('new 1\n'), { condition: 'any' });
    expect((await server.get('/kube-state/prod.0')).text).toBe('new 1\n');
    expect(calls.filter(({ kind }) => kind === 'get').map(({ answer }) => answer)).toEqual([
      'found',
      'unchanged',
      'unchanged',
      'found',
    ]);
  });

  test('is an error while the store is away, although the last one is at hand', async () => {
    const store = await storeOf({ 'metrics/prod.prom.gz': packed(text) });
    let away = false;
    const read: ObjectStore = {
      ...store,
      async get(key, options) {
        if (away) throw new MusterError('unreachable', 's3://metrics does not answer');
        return store.get(key, options);
      },
    };
    const server = await startTestServer(store, { read, now: later(1) });
    expect((await server.get('/kube-state/prod')).status).toBe(200);
    away = true;
    const { status, text: reason } = await server.get('/kube-state/prod');
    expect([status, reason]).toEqual([503, 's3://metrics does not answer\n']);
  });

  test.each([
    ['other', 'there is no metrics/other.prom.gz in the store\n'],
    ['..%2Fstatus%2Fapi', 'there is no kube-state output of this name\n'],
    ['.hidden', 'there is no kube-state output of this name\n'],
    ['a%00b', 'there is no kube-state output of this name\n'],
    ['x'.repeat(200), 'there is no kube-state output of this name\n'],
    ['a/b', 'there is nothing here\n'],
  ])('%j is not found', async (name, reason) => {
    const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': packed(text) }));
    const answer = await server.get(`/kube-state/${name}`);
    expect([answer.status, answer.text]).toEqual([404, reason]);
  });

  test('that is broken breaks off, and is never taken for whole', async () => {
    const body = packed(text.repeat(10_000));
    const cut = body.slice(0, body.byteLength >> 1);
    const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': cut }), { now: later(1) });
    expect(() => gunzipSync(cut)).toThrow();
    await expect(server.get('/kube-state/prod', { 'accept-encoding': 'identity' })).rejects.toThrow();
  });
});

test('the sidecar counts what it refuses, and says how old and how large each output is', async () => {
  const body = Buffer.concat([gzipHead(listed), gzipSync(text)]);
  const server = await startTestServer(await storeOf({ 'metrics/prod.prom.gz': body }), { now: later(400) });
  expect((await server.get('/kube-state/prod')).status).toBe(503);
  expect((await server.get('/kube-state/stranger')).status).toBe(404);
  const lines = (await server.get('/metrics')).text.match(
    /^muster_sync_kube_state_(?:listing|bytes|refusals).*$/gm,
  );
  expect(lines).toEqual([
    `muster_sync_kube_state_listing_timestamp_seconds{output="prod"} ${listed.getTime() / 1000}`,
    `muster_sync_kube_state_bytes{output="prod"} ${body.length}`,
    'muster_sync_kube_state_refusals_total{output="prod",reason="stale"} 1',
  ]);
});

test('requests at the same time share one copy of what is new', async () => {
  const store = createMemoryStore();
  const large = Buffer.concat([gzipHead(listed), ...Array<Uint8Array>(5_000).fill(gzipSync(text))]);
  await store.put('metrics/prod.prom.gz', large, { condition: 'any' });
  let fetched = 0;
  const server = await startTestServer(store, {
    now: () => listed.getTime(),
    read: {
      ...store,
      async openIfChanged(key, etag, options) {
        const found = await store.openIfChanged(key, etag, options);
        if (found !== 'unchanged') fetched += 1;
        return found;
      },
    },
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.get('/kube-state/prod')));
  expect([new Set(answers.map((answer) => answer.text.length)), fetched]).toEqual([
    new Set([5_000 * text.length]),
    1,
  ]);
});
