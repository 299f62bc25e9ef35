import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createLogger, silentLogger as log } from '../../lib/base/logger.ts';
import { healthOf } from '../../lib/sidecar/mirror/health.ts';
import { closeSources, openSources } from '../../lib/sidecar/mirror/sources.ts';
import { syncOnce } from '../../lib/sidecar/sync.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { watchStore } from './counting-store.ts';
import {
  afterThisTest,
  cleanUpAfterEach,
  makeFolder,
  openTestFolder,
  publish,
  targets,
  visibleFiles,
} from './world.ts';

cleanUpAfterEach();

const store = createMemoryStore();
const named = (...names: readonly string[]) => names.map((name) => ({ name, store }));
const common = { log, staleAfter: 300_000 };

async function opened(...names: readonly string[]) {
  const sources = await openSources({ ...common, sources: named(...names), to: await makeFolder() });
  afterThisTest(() => closeSources(sources));
  return sources;
}

describe('several stores', () => {
  test('lie in a sub-folder each; one that fails does not keep the others from being complete', async () => {
    const [eu, us] = [createMemoryStore(), createMemoryStore()];
    await publish(eu, { 'api/consul-0.json': targets('eu:1') });
    await publish(us, { 'api/consul-0.json': targets('us:1') });
    const denied = watchStore(createMemoryStore(), {
      list: async () => {
        throw new MusterError('denied', 'no');
      },
    });
    const to = join(await makeFolder(), 'new');
    const sources = [
      { name: 'down', store: denied.store },
      { name: 'eu', store: eu },
      { name: 'us', store: us },
    ];
    const { signal } = new AbortController();
    await expect(syncOnce({ sources, to, version: '1', log, signal })).rejects.toMatchObject({
      kind: 'denied',
    });
    const files = Object.entries(await visibleFiles(to)).filter(([path]) => !path.includes('.muster'));
    expect(Object.fromEntries(files)).toEqual({
      'eu/api/consul-0.json': targets('eu:1'),
      'us/api/consul-0.json': targets('us:1'),
    });
  });

  test('need names that are folders everywhere, and no two the same', async () => {
    const to = await makeFolder();
    const start = (...names: readonly string[]) => openSources({ ...common, sources: named(...names), to });
    await expect(start('', 'eu')).rejects.toMatchObject({
      kind: 'config',
      message: 'several stores need a name each, for their sub-folders, as in eu=s3://bucket',
    });
    await expect(start('eu', 'eu')).rejects.toThrow('two stores are named eu; each needs a name of its own');
    for (const name of ['..', 'EU', '.muster', 'a/b', 'a'.repeat(64)])
      await expect(start(name)).rejects.toMatchObject({ kind: 'config' });
  });

  test('are all let go when one folder is taken', async () => {
    const to = await makeFolder();
    await mkdir(join(to, 'us'));
    const taken = await openTestFolder(join(to, 'us'));
    await expect(openSources({ ...common, sources: named('eu', 'us'), to })).rejects.toMatchObject({
      kind: 'conflict',
    });
    taken.close();
    closeSources(await openSources({ ...common, sources: named('eu', 'us'), to }));
  });

  test('leave the files of a store without name, and say that nobody keeps them up to date', async () => {
    const to = await makeFolder();
    const memory = createMemoryStore();
    await publish(memory, { 'api/consul-0.json': targets('a:1') });
    const lines: string[] = [];
    const logged = createLogger({ level: 'warn', write: (line) => lines.push(line) });
    const { signal } = new AbortController();
    const sync = (name: string) =>
      syncOnce({ sources: [{ name, store: memory }], to, version: '1', log: logged, signal });
    await sync('');
    expect(lines).toEqual([]);
    await sync('eu');
    expect(await visibleFiles(to)).toMatchObject({
      'api/consul-0.json': targets('a:1'),
      'eu/api/consul-0.json': targets('a:1'),
    });
    expect(lines).toEqual([
      expect.stringContaining(`when Prometheus reads ${to}/<name>/<job>, remove the old`),
    ]);
  });

  test('are ready when all are, and alive while one is', async () => {
    const sources = await opened('eu', 'us');
    const health = healthOf(sources);
    const [eu, us] = sources;
    eu?.health.record(undefined);
    expect(health.ready()).toEqual({
      ok: false,
      reason: 'us: no round has succeeded yet: none has ended yet',
    });
    us?.health.record(undefined);
    expect(health.ready()).toEqual({ ok: true, reason: 'ok' });
    us?.health.record(new MusterError('denied', 'the role may not list'));
    expect(health.live()).toEqual({ ok: true, reason: 'us: ok for now, but: the role may not list' });
  });

  test('a store that stands alone speaks without a name', async () => {
    const health = healthOf(await opened(''));
    expect(health.ready()).toEqual({ ok: false, reason: 'no round has succeeded yet: none has ended yet' });
  });
});
