import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { version } from '../../lib/base/version.ts';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { readPublished } from '../../lib/cycle/load.ts';
import { decodeManifest } from '../../lib/cycle/manifest.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { manifestKey, partKey, snapshotKey, statusKey, targetsKey } from '../../lib/targets/keys.ts';
import { countingStore } from '../support/counting-store.ts';
import { fileOf, id, inputOf, listing, providerOf, readHistory, smallBlocks } from '../support/provider.ts';

/** A store, and a provider whose listing the test sets. */
function world(first: readonly TargetGroup[] = listing(3)) {
  const counted = countingStore(createMemoryStore());
  const current = { groups: first };
  const provider = providerOf(() => current.groups);
  return { ...counted, current, provider };
}

const written = (calls: readonly { kind: string; key: string }[]) =>
  calls.filter(({ kind }) => kind === 'put' || kind === 'delete').map(({ key }) => key);

describe('a cycle', () => {
  test('commits, checkpoints, publishes and reports the first listing', async () => {
    const { store, provider } = world();
    const result = await runCycle(provider, inputOf(store, { run: 'first' }));
    expect(result).toMatchObject({ outcome: 'published', version: 1, groups: 3, targets: 3 });
    const history = await readHistory(store);
    expect(history).toMatchObject({
      version: 1,
      snapshotVersion: 1,
      publishedVersion: 1,
      reasons: ['discovered'],
    });
    expect(history.file).toBe(fileOf(history));
    expect((await readStatus(store, id)).status).toEqual({
      schema: 1,
      ...id,
      run: 'first',
      muster: version,
      store: history.store,
      first_attempt: expect.any(String),
      last_attempt: expect.any(String),
      last_success: expect.any(String),
      last_change: expect.any(String),
      duration_seconds: expect.any(Number),
      version: 1,
      published_version: 1,
      groups: 3,
      targets: 3,
      files: [
        {
          key: targetsKey(id),
          etag: (await store.head(targetsKey(id)))?.etag,
          largest: history.file?.length,
        },
      ],
      failures: 0,
    });
  });

  test('of 10,000 groups without a change writes the status and nothing else', async () => {
    const { store, calls, reset, provider } = world(listing(10_000));
    await runCycle(provider, inputOf(store));
    reset();
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'unchanged', version: 1 });
    expect(written(calls)).toEqual([statusKey(id)]);
  });

  test('of 10,000 groups with one changed writes four objects', async () => {
    const { store, calls, reset, provider, current } = world(listing(10_000));
    await runCycle(provider, inputOf(store));
    current.groups = [...listing(9_999), ...listing(1, 'changed', 'new')];
    reset();
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'published', version: 2 });
    expect(written(calls)).toEqual([
      'journal/api/consul-0/000000000002.json.gz',
      snapshotKey(id),
      targetsKey(id),
      statusKey(id),
    ]);
  });

  test('writes only the parts that changed, and the manifest after them', async () => {
    const { store, calls, reset, current } = world(listing(100));
    const limits = { ...smallBlocks, groups: 12, most: 100_000 };
    const provider = providerOf(() => current.groups, { shards: 8, limits });
    await runCycle(provider, inputOf(store));
    current.groups = listing(100).map((group) =>
      group.source === 'g7' ? { ...group, labels: { new: 'label' } } : group,
    );
    reset();
    await runCycle(provider, inputOf(store));
    expect(written(calls)).toEqual([
      'journal/api/consul-0/000000000002.json.gz',
      expect.stringMatching(/^parts\/api\/consul-0\/000000000002-[0-9a-f]{64}$/),
      snapshotKey(id),
      manifestKey(id),
      statusKey(id),
    ]);
  });

  test('moves between numbers of shards without leaving a file or a manifest behind', async () => {
    const { store, current } = world(listing(20));
    for (const shards of [1, 3, 2, 1]) {
      const provider = providerOf(() => current.groups, { shards });
      await runCycle(provider, inputOf(store));
      const keys = (await store.list('targets/')).map(({ key }) => key);
      expect(keys).toEqual([shards === 1 ? targetsKey(id) : manifestKey(id)]);
      expect((await readPublished(store, id, undefined))?.groups).toHaveLength(20);
      expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'unchanged', version: 1 });
    }
  });

  test('does not read an unchanged snapshot again when it is warm', async () => {
    const { store, calls, reset, provider } = world();
    const { loaded } = await runCycle(provider, inputOf(store));
    reset();
    await runCycle(provider, inputOf(store, { warm: loaded }));
    expect(calls.find(({ key }) => key === snapshotKey(id))).toMatchObject({
      kind: 'get',
      answer: 'unchanged',
    });
  });

  test('a warm run takes up what other runs have committed since', async () => {
    const { store, provider, current } = world();
    const { loaded } = await runCycle(provider, inputOf(store));
    current.groups = listing(4);
    await runCycle(provider, inputOf(store));
    current.groups = listing(5);
    expect(await runCycle(provider, inputOf(store, { warm: loaded }))).toMatchObject({
      outcome: 'published',
      version: 3,
    });
    const history = await readHistory(store);
    expect(history.file).toBe(fileOf(history, 3));
  });

  test('keeps the last good list when the listing fails half way, and says so', async () => {
    const { store, provider } = world();
    await runCycle(provider, inputOf(store));
    const before = await readHistory(store);
    const failing = {
      ...provider,
      async *discover() {
        yield listing(1);
        throw new MusterError('status', 'page 7 of 20: 500');
      },
    };
    expect(await runCycle(failing, inputOf(store))).toMatchObject({
      outcome: 'failed',
      error: { kind: 'status' },
    });
    await runCycle(failing, inputOf(store));
    expect(await readHistory(store)).toEqual(before);
    expect((await readStatus(store, id)).status).toMatchObject({
      error: { kind: 'status', message: 'page 7 of 20: 500' },
      failures: 2,
      published_version: 1,
      targets: 3,
    });
    await runCycle(provider, inputOf(store));
    const { status } = await readStatus(store, id);
    expect([status?.failures, status?.error]).toEqual([0, undefined]);
  });

  test('a listing that hangs for ever ends at the deadline', async () => {
    const { store } = world();
    const provider = providerOf(() => new Promise(() => undefined), { deadline: 20 });
    expect(await runCycle(provider, inputOf(store))).toMatchObject({
      outcome: 'failed',
      error: {
        kind: 'timeout',
        message: 'no full listing within 0.02s; the last good list stays',
      },
    });
    expect((await readStatus(store, id)).status?.error?.kind).toBe('timeout');
  });

  test('ends when the whole run is stopped', async () => {
    const { store } = world();
    const stop = new AbortController();
    const provider = providerOf(() => {
      stop.abort();
      return new Promise(() => undefined);
    });
    expect(await runCycle(provider, inputOf(store, { signal: stop.signal }))).toMatchObject({
      outcome: 'failed',
      error: { kind: 'timeout' },
    });
  });

  test('a dry run tells the change and writes nothing', async () => {
    const { store, calls, provider } = world();
    const result = await runCycle(provider, inputOf(store, { dryRun: true }));
    expect([result.outcome, result.change?.added.size, written(calls)]).toEqual(['dry-run', 3, []]);
  });

  test('puts lost and altered target files back', async () => {
    const { store, provider } = world();
    await runCycle(provider, inputOf(store));
    const before = await readHistory(store);
    await store.delete(targetsKey(id));
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'healed', version: 1 });
    expect(await readHistory(store)).toEqual(before);
    await store.put(targetsKey(id), new TextEncoder().encode('altered'), { condition: 'any' });
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'healed', version: 1 });
    expect(await readHistory(store)).toEqual(before);
  });

  test('puts a lost snapshot back from the journal', async () => {
    const { store, provider } = world();
    await runCycle(provider, inputOf(store));
    const before = await readHistory(store);
    await store.delete(snapshotKey(id));
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'healed', version: 1 });
    expect(await readHistory(store)).toEqual(before);
  });

  test('a lost status is written anew', async () => {
    const { store, provider } = world();
    await runCycle(provider, inputOf(store));
    await store.delete(statusKey(id));
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'healed', version: 1 });
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'unchanged', version: 1 });
  });

  test.each([3, 6, 12])(
    'of parts of %d groups or so a lost one is put back within a few cycles a minute apart',
    async (groups) => {
      const { store, current } = world(listing(40));
      const provider = providerOf(() => current.groups, { shards: 2, limits: { ...smallBlocks, groups } });
      await runCycle(provider, inputOf(store));
      const names = async () => {
        const found = await store.get(manifestKey(id));
        return found === undefined ? [] : decodeManifest(found.body, '').parts.map(({ name }) => name);
      };
      for (const name of await names()) {
        await store.delete(partKey(id, name));
        for (let minute = 1; (await names()).includes(name); minute++) {
          expect(minute).toBeLessThan(100);
          await runCycle(provider, inputOf(store, { now: () => new Date(Date.UTC(2026, 0, 1, 0, minute)) }));
        }
      }
      expect((await readPublished(store, id, undefined))?.groups).toHaveLength(40);
    },
  );

  test('a status lies in the store before the first target file does', async () => {
    const { store, calls, provider } = world();
    await runCycle(provider, inputOf(store));
    expect(written(calls)).toEqual([
      'journal/api/consul-0/000000000001.json.gz',
      snapshotKey(id),
      'store.json',
      statusKey(id),
      targetsKey(id),
      statusKey(id),
    ]);
  });

  test('an unreadable snapshot: versions count on, and an empty answer is still held', async () => {
    const { store, provider, current } = world(listing(20));
    await runCycle(provider, inputOf(store));
    await store.put(snapshotKey(id), new TextEncoder().encode('not gzip'), { condition: 'any' });
    current.groups = [];
    const rebuilt = await runCycle(provider, inputOf(store));
    expect(rebuilt).toMatchObject({ version: 2, targets: 20, held: { targets: 20 } });
    expect(rebuilt.damaged).toContain('the snapshot cannot be read');
    expect((await readPublished(store, id, undefined))?.groups).toHaveLength(20);
    current.groups = listing(21);
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'published', version: 3 });
    expect(await readPublished(store, id, undefined)).toMatchObject({
      version: 3,
      groups: Array.from({ length: 21 }, () => expect.anything()),
    });
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'unchanged', version: 3 });
  });

  test('with snapshot lost and the old journal cleared away versions count on', async () => {
    const { store, provider, current } = world();
    await runCycle(provider, inputOf(store));
    current.groups = listing(4);
    await runCycle(provider, inputOf(store));
    await store.delete('journal/api/consul-0/000000000001.json.gz');
    await store.delete(snapshotKey(id));
    expect(await runCycle(provider, inputOf(store))).toMatchObject({ outcome: 'published', version: 3 });
  });

  test('a bucket that denies writes fails the cycle and keeps what is there', async () => {
    const { store, provider, current } = world();
    await runCycle(provider, inputOf(store));
    const before = await readHistory(store);
    current.groups = listing(4);
    const denied = new MusterError('denied', 's3:PutObject denied on journal/…');
    const readOnly = { ...store, put: () => Promise.reject(denied) };
    expect(await runCycle(provider, inputOf(readOnly))).toMatchObject({ outcome: 'failed', error: denied });
    expect(await readHistory(store)).toEqual(before);
  });

  test('the later of two groups with one source wins, groups without targets are left out', async () => {
    const { store, current, provider } = world();
    const [a] = listing(1, 'old');
    const [b] = listing(1, 'new');
    current.groups = [a, b, { source: 'empty', labels: {}, targets: [] }].filter(
      (group) => group !== undefined,
    );
    await runCycle(provider, inputOf(store));
    const { file, store: storeId } = await readHistory(store);
    expect(file).toBe(
      `[\n{"targets":[],"labels":{"__muster_version":"${storeId}/1"}},\n{"targets":["10.0.0.0:80"],"labels":{"__meta_value":"new"}}\n]\n`,
    );
  });
});
