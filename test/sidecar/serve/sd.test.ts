import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { MusterError } from '../../../lib/base/errors.ts';
import { createLogger, silentLogger } from '../../../lib/base/logger.ts';
import { stampGzip } from '../../../lib/kube-state/gzip-time.ts';
import { createSidecarApp } from '../../../lib/sidecar/app.ts';
import { createHealth } from '../../../lib/sidecar/mirror/health.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { encodeJob } from '../../../lib/targets/keys.ts';
import { fileOf, fill, listText, type Objects, retiredOf, statusOf } from '../../support/bucket.ts';
import { cleanUpAfterEach, makeFolder, openTestFolder, publish, round, targets } from '../world.ts';
import { type Answer, startTestServer } from './test-server.ts';

cleanUpAfterEach();

async function storeOf(objects: Readonly<Record<string, string>>): Promise<ObjectStore> {
  const store = createMemoryStore();
  await publish(store, objects);
  return store;
}

function brief({ status, headers, text }: Answer): readonly [number, string | null, string] {
  return [status, headers.get('content-type'), text];
}

const journalOf = (name: string): Objects => ({ [`journal/${name}/000000000001.json.gz`]: 'x' });

const plain = 'text/plain; charset=utf-8';
const json = 'application/json';

describe('http_sd', () => {
  test('gives the file of a job byte for byte, under any name that a job can have', async () => {
    const jobs = ['api', 'shop/eu', '100%', 'a b', '日本', '<script>', '..', 'a?b#c', "it's"];
    const store = await storeOf(
      Object.fromEntries(
        jobs.map((job) => [`${encodeJob(job)}/consul-0.json`, targets(`${jobs.indexOf(job)}:1`)]),
      ),
    );
    const server = await startTestServer(store);
    for (const [index, job] of jobs.entries()) {
      const expected = [200, json, targets(`${index}:1`)];
      expect(brief(await server.get(`/sd?job=${encodeURIComponent(job)}`))).toEqual(expected);
      // A path cannot say `..`.
      if (job !== '..') expect(brief(await server.get(`/sd/${encodeURIComponent(job)}`))).toEqual(expected);
    }
    expect(brief(await server.get('/sd/shop/eu'))).toEqual([200, json, targets('1:1')]);
  });

  test('joins the providers of a job, and all jobs, to one list whatever their layout', async () => {
    const server = await startTestServer(
      await storeOf({
        'api/consul-0.json': targets('a:1', 'a:2'),
        'api/consul-1.json': '[]\n',
        'api/dns-0.json': `  [ \n\t${JSON.stringify({ targets: ['b:1'] }, undefined, 2)}\n ]  \n\n`,
        'api/eureka-0.json': `[${' '.repeat(10_000)}]`,
        'shop/consul-0.json': `[{"targets":["c:1"],"labels":{"x":"]"}}]`,
        'shop/nothing-0.json': '[]',
      }),
    );
    const addresses = async (path: string) => {
      const { status, text } = await server.get(path);
      return [status, JSON.parse(text).flatMap((group: { targets: string[] }) => group.targets)];
    };
    expect(await addresses('/sd/api')).toEqual([200, ['a:1', 'a:2', 'b:1']]);
    expect(await addresses('/sd/shop')).toEqual([200, ['c:1']]);
    expect(await addresses('/sd')).toEqual([200, ['a:1', 'a:2', 'b:1', 'c:1']]);
  });

  test('a job whose list is empty is an empty list', async () => {
    const server = await startTestServer(
      await storeOf({ 'api/consul-0.json': '[]\n', 'api/consul-1.json': '[ ]', 'one/consul-0.json': '[]' }),
    );
    expect(brief(await server.get('/sd/api'))).toEqual([200, json, '[]\n']);
    expect(brief(await server.get('/sd/one'))).toEqual([200, json, '[]']);
  });

  test('is an error, never a part, before the first complete mirror', async () => {
    const store = await storeOf({ 'api/consul-0.json': targets('a:1') });
    const server = await startTestServer(store, { mirrored: false });
    const waiting = [503, plain, 'memory: was not yet mirrored as a whole; ask again\n'];
    expect(brief(await server.get('/sd/api'))).toEqual(waiting);
    expect(brief(await server.get('/sd'))).toEqual(waiting);
    await server.mirror();
    expect((await server.get('/sd/api')).status).toBe(200);
  });

  test('a store without targets is an error', async () => {
    const server = await startTestServer(createMemoryStore());
    expect(brief(await server.get('/sd'))).toEqual([
      503,
      plain,
      'no target file was mirrored; is this the right store?\n',
    ]);
    expect(brief(await server.get('/sd/api'))).toEqual([
      404,
      plain,
      'there is no job of this name in the store\n',
    ]);
    expect((await server.get(`/sd/${'x'.repeat(300)}`)).status).toBe(404);
  });

  test('a job that was retired is an empty list, so that Prometheus lets go of its targets', async () => {
    const store = createMemoryStore();
    await fill(
      store,
      fileOf('api/consul-0', 1, ['a:1']),
      statusOf('api/consul-0'),
      journalOf('api/consul-0'),
    );
    const server = await startTestServer(store);
    expect((await server.get('/sd/api')).text).toBe(listText(1, ['a:1']));
    await fill(store, retiredOf('api/consul-0', 2));
    expect((await server.get('/sd/api')).text).toBe(listText(1, ['a:1']));
    await server.mirror();
    // Its status is deleted last.
    expect(brief(await server.get('/sd/api'))).toEqual([200, json, '[]\n']);
    await fill(store, { 'status/api/consul-0.json': undefined });
    expect(brief(await server.get('/sd/api'))).toEqual([200, json, '[]\n']);
  });

  const lost = [
    503,
    plain,
    'the store knows this job, but has no list of it and no tombstone that says it was retired\n',
  ];
  const live = [503, plain, 'no target file of this job was mirrored yet; ask again\n'];
  const unclear: readonly (readonly [string, Objects, readonly unknown[]])[] = [
    ['has a journal alone: its status was lost', journalOf('api/consul-0'), lost],
    [
      'has a tombstone of one of two providers',
      { ...retiredOf('api/consul-0', 2), ...journalOf('api/consul-1') },
      lost,
    ],
    ['has a status, and no list', statusOf('api/consul-0'), live],
    [
      'came back after its tombstone',
      { ...retiredOf('api/consul-0', 2), ...statusOf('api/consul-0', { version: 3 }) },
      live,
    ],
    [
      'has a tombstone of one provider and a status of another',
      { ...retiredOf('api/consul-0', 2), ...statusOf('api/dns-0') },
      live,
    ],
  ];

  test.each(unclear)('a job without a file is an error where it %s', async (_, objects, answer) => {
    const store = createMemoryStore();
    await fill(store, objects);
    const server = await startTestServer(store);
    expect(brief(await server.get('/sd/api'))).toEqual(answer);
  });

  test('a job whose tombstone cannot be read is an error', async () => {
    const store = createMemoryStore();
    await fill(store, { 'retired/api/consul-0.json': '{' });
    const server = await startTestServer(store);
    expect((await server.get('/sd/api')).status).toBe(503);
  });

  test('a job that lost its file in the store is served as it lies on disk', async () => {
    const store = await storeOf({ 'api/consul-0.json': targets('a:1'), 'web/consul-0.json': targets('b:1') });
    const server = await startTestServer(store);
    await store.delete('targets/api/consul-0.json');
    await server.mirror();
    expect(brief(await server.get('/sd/api'))).toEqual([200, json, targets('a:1')]);
  });

  test('a job of which a provider has no good file is an error, never a part; the others are served', async () => {
    const store = await storeOf({
      'api/consul-0.json': targets('a:1'),
      'api/consul-1.json': '{"not":"file_sd"}',
      'web/consul-0.json': targets('b:1'),
    });
    const server = await startTestServer(store);
    const lacking =
      'job "api" is incomplete, there is no good file of its provider consul-1: targets/api/consul-1.json is not file_sd JSON: the file is not a list of groups\n';
    expect(brief(await server.get('/sd/api'))).toEqual([503, plain, lacking]);
    expect(brief(await server.get('/sd'))).toEqual([503, plain, lacking]);
    expect(brief(await server.get('/readyz'))).toEqual([503, plain, lacking]);
    expect(brief(await server.get('/sd/web'))).toEqual([200, json, targets('b:1')]);
    await publish(store, { 'api/consul-1.json': targets('a:2') });
    await server.mirror();
    expect([(await server.get('/sd/api')).status, (await server.get('/readyz')).status]).toEqual([200, 200]);
    await publish(store, { 'api/consul-1.json': '{"not":"file_sd"}' });
    await server.mirror();
    // Now there is a last good file.
    expect([(await server.get('/sd/api')).status, (await server.get('/readyz')).status]).toEqual([200, 200]);
  });

  test('what nobody knows while the store is away is an error, and what lies on disk is served', async () => {
    const store = await storeOf({ 'api/consul-0.json': targets('a:1') });
    const away = async () => {
      throw new MusterError('unreachable', 's3://targets does not answer');
    };
    const server = await startTestServer(store, { read: { ...store, list: away, get: away } });
    expect(brief(await server.get('/sd/api'))).toEqual([200, json, targets('a:1')]);
    expect(brief(await server.get('/sd/other'))).toEqual([
      503,
      plain,
      'no target file of this job was mirrored: s3://targets does not answer\n',
    ]);
  });

  test('a file that somebody removed, or put a link in place of, is an error', async () => {
    const server = await startTestServer(await storeOf({ 'api/consul-0.json': targets('a:1') }));
    const path = join(server.folder, 'api/consul-0.json');
    await rm(path);
    expect(brief(await server.get('/sd/api'))).toEqual([
      503,
      plain,
      'a target file is missing on disk; ask again\n',
    ]);
    await server.mirror();
    expect((await server.get('/sd/api')).text).toBe(targets('a:1'));
  });

  test('an unchanged list costs its etag, a changed one has another', async () => {
    const store = await storeOf({ 'api/consul-0.json': targets('a:1'), 'api/consul-1.json': targets('b:1') });
    const server = await startTestServer(store);
    const etag = (await server.get('/sd/api')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
    for (const held of [etag, `"x", ${etag}`, '*', etag.slice(2)]) {
      const { status, text, headers } = await server.get('/sd/api', { 'if-none-match': held });
      expect([status, text, headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await server.get('/sd/api', { 'if-none-match': '"other"' })).status).toBe(200);
    await publish(store, { 'api/consul-1.json': targets('b:2') });
    await server.mirror();
    const changed = await server.get('/sd/api', { 'if-none-match': etag });
    expect([changed.status, changed.text.includes('b:2')]).toEqual([200, true]);
  });

  test('a large list comes whole, packed or not', async () => {
    const large = targets(
      ...Array.from({ length: 50_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`),
    );
    const server = await startTestServer(
      await storeOf({ 'api/consul-0.json': large, 'api/consul-1.json': targets('b:1') }),
    );
    for (const encoding of ['gzip', 'identity']) {
      const { text } = await server.get('/sd/api', { 'accept-encoding': encoding });
      expect(JSON.parse(text)).toHaveLength(50_001);
    }
    expect((await fetch(`${server.url}/sd/api`, { method: 'HEAD' })).status).toBe(200);
  });

  test('a file of a stranger in the folder is not served', async () => {
    const server = await startTestServer(await storeOf({ 'api/consul-0.json': targets('a:1') }));
    await writeFile(join(server.folder, 'api/stranger-0.json'), targets('evil:1'));
    expect((await server.get('/sd/api')).text).toBe(targets('a:1'));
    expect((await server.get('/sd')).text).toBe(targets('a:1'));
  });
});

test('several stores are one: the job of each is in its list, and none is served before all are complete', async () => {
  const [eu, us] = [
    await storeOf({ 'api/consul-0.json': targets('eu:1'), 'only/consul-0.json': targets('eu:2') }),
    await storeOf({ 'api/consul-0.json': targets('us:1') }),
  ];
  let ready = false;
  const sources = [await sourceOf('eu', eu, () => true), await sourceOf('us', us, () => ready)];
  const app = createSidecarApp({
    sources,
    health: createHealth({ staleAfter: 1000 }),
    registry: new Registry(),
    log: silentLogger,
  });
  const get = async (path: string) =>
    (await app(new Request(`http://sidecar${path}`), { admitted: true })).text();
  expect(await get('/sd/api')).toBe('memory: was not yet mirrored as a whole; ask again\n');
  ready = true;
  const addresses = async (path: string) =>
    JSON.parse(await get(path)).flatMap((group: { targets: string[] }) => group.targets);
  expect(await addresses('/sd/api')).toEqual(['eu:1', 'us:1']);
  expect(await addresses('/sd/only')).toEqual(['eu:2']);
  expect(await addresses('/sd')).toEqual(['eu:1', 'eu:2', 'us:1']);
  const found = JSON.parse(await get('/api/v1/targets?q=1')).rows;
  expect(found.map((row: { source: string; address: string }) => [row.source, row.address])).toEqual([
    ['eu', 'eu:1'],
    ['us', 'us:1'],
  ]);
  expect(await get('/jobs/api')).toContain('<bdi>us</bdi> <bdi>consul-0</bdi>');
});

async function sourceOf(name: string, store: ObjectStore, ready: () => boolean) {
  const folder = await openTestFolder(await makeFolder());
  await round(store, folder);
  return { name, store, folder, ready };
}

test('somebody who hangs up in the middle is no trouble for the others', async () => {
  const large = targets(
    ...Array.from({ length: 50_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}:80`),
  );
  const store = await storeOf({ 'api/consul-0.json': large, 'api/consul-1.json': targets('b:1') });
  await store.put('metrics/prod.prom.gz', stamped('x 1\n'.repeat(1_000_000)), { condition: 'any' });
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  const server = await startTestServer(store, { log });
  for (const path of ['/sd/api', '/kube-state/prod']) {
    for (const encoding of ['gzip', 'identity']) {
      const gone = new AbortController();
      const { body } = await fetch(server.url + path, {
        signal: gone.signal,
        headers: { 'accept-encoding': encoding },
      });
      await body?.getReader().read();
      gone.abort();
    }
    expect((await fetch(server.url + path, { method: 'HEAD' })).status).toBe(200);
  }
  expect(JSON.parse((await server.get('/sd/api')).text)).toHaveLength(50_001);
  expect(lines).toEqual([]);
});

function stamped(text: string): Uint8Array {
  const gzip = gzipSync(text);
  stampGzip(gzip, new Date());
  return gzip;
}
