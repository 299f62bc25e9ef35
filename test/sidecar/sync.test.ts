import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createLogger } from '../../lib/base/logger.ts';
import { type LoopedSyncOptions, syncForever, syncOnce } from '../../lib/sidecar/sync.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { watchStore } from './counting-store.ts';
import {
  afterThisTest,
  changed,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  publish,
  summary,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const good = { 'api/consul-0.json': targets('a:1') };

function collectLog() {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    write: (line) => lines.push(line.trimEnd()),
    now: () => new Date(0),
  });
  return {
    log,
    lines: () => lines.splice(0).map((line) => line.replace('ts=1970-01-01T00:00:00.000Z ', '')),
  };
}

/** A sidecar at work on a free port, until the test ends; `next` waits for the end of the next listing. */
async function startSidecar(store: ObjectStore, to: string, options: Partial<LoopedSyncOptions> = {}) {
  const stop = new AbortController();
  const { log, lines } = collectLog();
  let url = '';
  const listening = new Promise<void>((resolve) => {
    const running = syncForever({
      sources: [{ name: '', store }],
      to,
      version: '1.2.3',
      interval: 5,
      listen: '127.0.0.1:0',
      log,
      signal: stop.signal,
      onListening({ port }) {
        url = `http://127.0.0.1:${port}`;
        resolve();
      },
      ...options,
    });
    afterThisTest(async () => {
      stop.abort();
      await running;
    });
  });
  await listening;
  const ask = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, text: await response.text() };
  };
  /** Asks until the answer has the status; the test's own time is the limit. */
  const until = async (path: string, status: number): Promise<string> => {
    for (;;) {
      const answer = await ask(path);
      if (answer.status === status) return answer.text;
    }
  };
  return { ask, until, stop, lines };
}

describe('the sidecar', () => {
  test('mirrors a bucket in a folder, is ready then, and follows its changes', async () => {
    const store = createFileStore(join(await makeFolder(), 'bucket'));
    await publish(store, good);
    const to = await makeFolder();
    const { until, lines } = await startSidecar(store, to);
    expect(await until('/readyz', 200)).toBe('ok\n');
    expect(await visibleFiles(to)).toEqual(good);
    await publish(store, { 'api/consul-0.json': targets('a:2', 'a:3') });
    let metrics = '';
    const logged: string[] = [];
    // Metrics are of the moment: the line about the file may still come.
    while (!metrics.includes('muster_sync_targets{job="api",provider="consul-0"} 2\n') || logged.length < 2) {
      metrics = await until('/metrics', 200);
      logged.push(...lines());
    }
    expect(await visibleFiles(to)).toEqual({ 'api/consul-0.json': targets('a:2', 'a:3') });
    const line = 'level=info msg="target file written" path=api/consul-0.json';
    expect(logged).toEqual([line, line]);
  });

  test('turns red in a long outage, keeps its files, stays ready, and recovers by itself', async () => {
    const memory = createMemoryStore();
    await publish(memory, good);
    let down = false;
    const { store } = watchStore(memory, {
      list: async (prefix, options) => {
        if (down) throw new MusterError('unreachable', 's3://targets does not answer');
        return memory.list(prefix, options);
      },
    });
    const to = await makeFolder();
    const { ask, until } = await startSidecar(store, to, { staleAfter: 100 });
    await until('/readyz', 200);
    down = true;
    let why = '';
    // Before a round has failed, it can only say that none has ended.
    while (!why.endsWith(': s3://targets does not answer\n')) why = await until('/healthz', 503);
    expect(why).toMatch(/^no round has succeeded for \d+ s: /);
    expect((await ask('/readyz')).status).toBe(200);
    expect(await visibleFiles(to)).toEqual(good);
    down = false;
    expect(await until('/healthz', 200)).toBe('ok\n');
  });

  test('tells of a rejected object once, not in each round', async () => {
    const store = createMemoryStore();
    await publish(store, { ...good, 'bad/consul-0.json': '{}' });
    const { until, lines } = await startSidecar(store, await makeFolder());
    let metrics = '';
    while (!/muster_sync_rounds_total\{result="success"\} [3-9]/.test(metrics))
      metrics = await until('/metrics', 200);
    expect(metrics).toContain('muster_sync_rejected_objects{reason="invalid"} 1\n');
    expect(lines()).toEqual([
      'level=info msg="target file written" path=api/consul-0.json',
      'level=warn msg="targets/bad/consul-0.json is not file_sd JSON: the file is not a list of groups; there is no good file for it, and its job is not served" key=targets/bad/consul-0.json reason=invalid',
    ]);
  });

  test('frees folder and port when it ends, and does not call its end an error', async () => {
    const memory = createMemoryStore();
    const to = await makeFolder();
    const stop = new AbortController();
    const { log, lines } = collectLog();
    const { store } = watchStore(memory, {
      list: async () => {
        stop.abort();
        throw new MusterError('timeout', 'ended');
      },
    });
    await syncForever({
      sources: [{ name: '', store }],
      to,
      version: '1',
      interval: 1000,
      listen: '127.0.0.1:0',
      log,
      signal: stop.signal,
    });
    expect(lines()).toEqual([]);
    await openTestFolder(to);
  });

  test('does not start on a bad address, and leaves the folder free', async () => {
    const to = await makeFolder();
    const { log } = collectLog();
    const { signal } = new AbortController();
    await expect(
      syncForever({
        sources: [{ name: '', store: createMemoryStore() }],
        to,
        version: '1',
        interval: 1000,
        listen: 'nowhere',
        log,
        signal,
      }),
    ).rejects.toMatchObject({ kind: 'config' });
    await openTestFolder(to);
  });

  test('does not start on a folder that another mirror has', async () => {
    const to = await makeFolder();
    await openTestFolder(to);
    const { log } = collectLog();
    const { signal } = new AbortController();
    await expect(
      syncForever({
        sources: [{ name: '', store: createMemoryStore() }],
        to,
        version: '1',
        interval: 1000,
        log,
        signal,
      }),
    ).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('a single sync', () => {
  const once = async (
    store: ObjectStore,
    to: string,
    deadline?: number,
    orders: { readonly removeOrphans?: boolean | undefined; readonly allowPartial?: boolean } = {},
  ) => {
    const { log, lines } = collectLog();
    const { signal } = new AbortController();
    const [done] = await syncOnce({
      sources: [{ name: '', store }],
      to,
      version: '1',
      log,
      signal,
      deadline,
      ...orders,
    });
    if (done === undefined) throw new Error('one source has one round');
    return { done, lines: lines() };
  };

  test('does one complete round and frees the folder', async () => {
    const store = createMemoryStore();
    await publish(store, good);
    const to = await makeFolder();
    expect(summary((await once(store, to)).done)).toEqual(changed('written api/consul-0.json'));
    expect(await visibleFiles(to)).toEqual(good);
    expect(summary((await once(store, to)).done)).toEqual(changed());
  });

  test('tries again when the store stumbles, and says so', async () => {
    const memory = createMemoryStore();
    await publish(memory, good);
    let stumbles = 1;
    const { store } = watchStore(memory, {
      list: async (prefix, options) => {
        if (stumbles-- > 0) throw new MusterError('throttled', 'slow down');
        return memory.list(prefix, options);
      },
    });
    const { done, lines } = await once(store, await makeFolder());
    expect(summary(done)).toEqual(changed('written api/consul-0.json'));
    expect(lines).toEqual([
      'level=error msg="slow down" kind=throttled',
      'level=info msg="target file written" path=api/consul-0.json',
      expect.stringMatching(/^level=info msg="the mirror works again"/),
    ]);
  });

  test('throws the error when there is no complete round in time', async () => {
    const { store } = watchStore(createMemoryStore(), {
      list: async () => {
        throw new MusterError('unreachable', 's3://targets does not answer');
      },
    });
    const to = await makeFolder();
    await expect(once(store, to, 20)).rejects.toMatchObject({
      kind: 'unreachable',
      message: 's3://targets does not answer',
    });
    await openTestFolder(to);
  });

  test('fails where a job is incomplete, and names the provider; the rest is mirrored', async () => {
    const store = createMemoryStore();
    await publish(store, { ...good, 'api/dns-0.json': '{}' });
    const to = await makeFolder();
    await expect(once(store, to)).rejects.toMatchObject({
      message:
        'job "api" is incomplete, there is no good file of its provider dns-0: targets/api/dns-0.json is not file_sd JSON: the file is not a list of groups; --allow-partial lets this pass',
    });
    expect(await visibleFiles(to)).toEqual({ 'api/all.json': good['api/consul-0.json'] });
    expect(summary((await once(store, to, undefined, { allowPartial: true })).done)).toEqual({
      changes: [],
      rejections: ['invalid targets/api/dns-0.json'],
      errors: [],
    });
  });

  test('removes what the store no longer lists by order only, and tells of it until then', async () => {
    const store = createMemoryStore();
    await publish(store, { ...good, 'web/consul-0.json': targets('b:1', 'b:2') });
    const to = await makeFolder();
    await once(store, to);
    await publish(store, { 'web/consul-0.json': undefined });
    expect((await once(store, to)).lines).toEqual([
      'level=warn msg="target file stays: the store no longer lists it and has no tombstone for it; if it is gone for good, \\"muster sync --once --remove-orphans\\" removes it" path=web/consul-0.json targets=2',
    ]);
    expect(summary((await once(store, to, undefined, { removeOrphans: true })).done)).toEqual(
      changed('removed web/consul-0.json'),
    );
  });

  test('says that a state was set aside', async () => {
    const store = createMemoryStore();
    await publish(store, good);
    const to = await makeFolder();
    await once(store, to);
    await writeFile(join(to, '.muster/state'), '?');
    expect((await once(store, to)).lines).toEqual([
      `level=warn msg="${to}/.muster/state cannot be read and is written again; files that the bucket does not list stay: remove them by hand"`,
    ]);
  });
});
