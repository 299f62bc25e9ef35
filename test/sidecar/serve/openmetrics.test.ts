import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { gzipHead, type Splice } from '../../../lib/kube-state/gzip-header.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { cleanUpAfterEach } from '../world.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAfterEach();

const listed = new Date('2026-03-01T12:00:00Z');
const header = gzipSync('# TYPE a_total counter\n');
const info = gzipSync('# TYPE b_info gauge\n');
const samples = ['a_total{x="1"} 5\n', 'b_info 1\n'].map((text) => gzipSync(text));
const [first = info, second = info] = samples;
const text = '# TYPE a_total counter\na_total{x="1"} 5\n# TYPE b_info gauge\nb_info 1\n';
const openMetrics = '# TYPE a counter\na_total{x="1"} 5\n# TYPE b info\nb_info 1\n# EOF\n';
const splices = [
  { at: 0, length: header.length, text: '# TYPE a counter\n' },
  { at: header.length + first.length, length: info.length, text: '# TYPE b info\n' },
];
const accept = 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5';

async function faceOf(list: readonly Splice[], age = 1): Promise<TestServer & { readonly size: number }> {
  const store = createMemoryStore();
  const body = Buffer.concat([gzipHead(listed, list), header, first, info, second]);
  await store.put('metrics/prod.prom.gz', body, { condition: 'any' });
  const server = await startTestServer(store, { now: () => listed.getTime() + age * 1000, mirrored: false });
  return { ...server, size: body.length };
}

describe('an output that says how it reads as OpenMetrics', () => {
  test('is spliced for those who want it so, gzipped or not, and whole for the others', async () => {
    const server = await faceOf(splices);
    for (const encoding of ['gzip', 'identity']) {
      const asked = { 'accept-encoding': encoding };
      const found = await server.get('/kube-state/prod', { accept, ...asked });
      expect([found.text, found.headers.get('content-type'), found.headers.get('vary')]).toEqual([
        openMetrics,
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
        'accept, accept-encoding',
      ]);
      expect((await server.get('/kube-state/prod', asked)).text).toBe(text);
    }
  });

  test('is told in its length before its first byte, also to a HEAD', async () => {
    const server = await faceOf(splices);
    const raw = await fetch(`${server.url}/kube-state/prod`, {
      headers: { accept, 'accept-encoding': 'gzip' },
    });
    expect(await raw.text()).toBe(openMetrics);
    const length = Number(raw.headers.get('content-length'));
    for (const [asked, size] of [
      [accept, length],
      ['text/plain', server.size],
    ] as const) {
      const { status, headers } = await fetch(`${server.url}/kube-state/prod`, {
        method: 'HEAD',
        headers: { accept: asked, 'accept-encoding': 'gzip' },
      });
      expect([status, headers.get('content-length')]).toEqual([200, `${size}`]);
    }
  });

  test('is text to everybody where a splice leads out of it', async () => {
    const server = await faceOf([{ at: 0, length: 100_000, text: '' }]);
    const found = await server.get('/kube-state/prod', { accept });
    expect([found.text, found.headers.get('content-type')]).toEqual([
      text,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
  });
});

test('the sidecar counts what it refuses, and says how old and how large each output is', async () => {
  const server = await faceOf(splices, 400);
  expect((await server.get('/kube-state/prod')).status).toBe(503);
  expect((await server.get('/kube-state/stranger')).status).toBe(404);
  const lines = (await server.get('/metrics')).text.match(
    /^muster_sync_kube_state_(?:listing|bytes|refusals).*$/gm,
  );
  expect(lines).toEqual([
    `muster_sync_kube_state_listing_timestamp_seconds{output="prod"} ${listed.getTime() / 1000}`,
    `muster_sync_kube_state_bytes{output="prod"} ${server.size}`,
    'muster_sync_kube_state_refusals_total{output="prod",reason="stale"} 1',
  ]);
});

test('many who ask at once for what is new share one copy of it', async () => {
  const store = createMemoryStore();
  const large = Buffer.concat([gzipHead(listed, []), ...Array<Uint8Array>(20_000).fill(first)]);
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
    new Set([20_000 * 'a_total{x="1"} 5\n'.length]),
    1,
  ]);
});
