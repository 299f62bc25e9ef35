import { beforeAll, describe, expect, test } from '@jest/globals';
import { lifeOfTarget, listJournals, listVersions, versionAt } from '../../lib/cycle/history.ts';
import { changeBetween, groupsAt } from '../../lib/cycle/list-at.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { toGroups } from '../../lib/targets/canonical.ts';
import { countChange } from '../../lib/targets/diff.ts';
import { encodeFileSd } from '../../lib/targets/file-sd.ts';
import { addressLabel, type LabelSet } from '../../lib/targets/group.ts';
import { journalKey, snapshotKey, targetsKey } from '../../lib/targets/keys.ts';
import { countingStore } from '../support/counting-store.ts';
import { id } from '../support/provider.ts';
import { addressOf, openScenario, targets } from './scenario.ts';

const { signal } = new AbortController();
const start = Date.UTC(2026, 0, 1);

/** Versions 1 to `count`, a minute apart: targets come, go, and get other labels. `kept` is each target file as it was. */
async function liveThrough(count: number): Promise<{ store: ObjectStore; kept: readonly string[] }> {
  const scenario = openScenario();
  const kept = [''];
  for (let version = 1; version <= count; version++) {
    const shift = version % 7;
    await scenario.cycle([
      ...targets(shift, 20 + shift),
      ...targets(100, 103, { __meta_turn: `${version}` }),
    ]);
    const file = await scenario.store.get(targetsKey(id));
    kept.push(new TextDecoder().decode(file?.body));
  }
  return { store: scenario.store, kept };
}

function has(address: string): { isMeant: (labels: LabelSet) => boolean } {
  return { isMeant: (labels) => labels[addressLabel] === address };
}

/** The list of a version as its target file had it, but for the mark in front. */
async function fileAt(store: ObjectStore, version: number): Promise<string> {
  const { groups } = await groupsAt(id, version, { store, signal });
  return new TextDecoder().decode(encodeFileSd(groups));
}

function withoutMark(file: string): string {
  const [, ...groups]: unknown[] = JSON.parse(file);
  return JSON.stringify(groups);
}

describe('the lists of a journal of 500 versions', () => {
  let store: ObjectStore;
  let kept: readonly string[];
  beforeAll(async () => {
    ({ store, kept } = await liveThrough(500));
  }, 120_000);

  test('are what was published then, whether rebuilt forwards or backwards', async () => {
    for (const version of [1, 2, 77, 249, 251, 400, 499, 500])
      expect([version, JSON.stringify(JSON.parse(await fileAt(store, version)))]).toEqual([
        version,
        withoutMark(kept[version] ?? '[]'),
      ]);
    const { version } = await groupsAt(id, 0, { store, signal });
    expect(version).toBe(0);
    await expect(groupsAt(id, 501, { store, signal })).rejects.toMatchObject({
      kind: 'not-found',
      message: 'api/consul-0 has no version 501; its newest is 500',
    });
  });

  test('are rebuilt the other way round where an entry is gone, and said to be lost where both are', async () => {
    const holed = await copyOf(store);
    await holed.delete(journalKey(id, 3));
    expect(JSON.stringify(JSON.parse(await fileAt(holed, 10)))).toBe(withoutMark(kept[10] ?? ''));
    expect(JSON.stringify(JSON.parse(await fileAt(holed, 2)))).toBe(withoutMark(kept[2] ?? ''));
    await holed.put(journalKey(id, 40), new Uint8Array([1]), { condition: 'any' });
    await expect(groupsAt(id, 20, { store: holed, signal })).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringMatching(
        /^the list of version 20 of api\/consul-0 cannot be rebuilt: version 3 is no longer in the journal; not gzip.*; the journal begins at version 1$/,
      ),
    });
    await holed.delete(snapshotKey(id));
    await expect(groupsAt(id, 20, { store: holed, signal })).rejects.toMatchObject({ kind: 'not-found' });
    expect(JSON.stringify(JSON.parse(await fileAt(holed, 2)))).toBe(withoutMark(kept[2] ?? ''));
  });

  test('are found by time, and their changes by version', async () => {
    const input = { store, signal };
    expect(await versionAt(id, start + 30 * 60_000, input)).toBe(31);
    expect(await versionAt(id, start + 30.5 * 60_000, input)).toBe(31);
    expect(await versionAt(id, start - 1, input)).toBeUndefined();
    expect(await versionAt(id, start + 10 ** 9, input)).toBe(500);
    expect(countChange(await changeBetween(id, [7, 13], input))).toEqual({
      added: 6,
      removed: 6,
      changed: 3,
    });
    expect(countChange(await changeBetween(id, [13, 7], input))).toEqual({
      added: 6,
      removed: 6,
      changed: 3,
    });
  });

  test('are compared over one way where they are neighbours: the second begins at the first', async () => {
    const counting = countingStore(store);
    const change = await changeBetween(id, [250, 251], { store: counting.store, signal });
    const reads = counting.calls.filter(({ key }) => key.startsWith('journal/') && key.endsWith('.gz'));
    expect([change.changed.size > 0, reads.length]).toEqual([true, 251]);
    expect(change).toEqual(await changeBetween(id, [250, 251], { store, signal }));
  });

  test('are listed newest first, with their counts, within a time', async () => {
    const input = { store, signal };
    const shown = await listVersions(id, { limit: 2 }, input);
    expect(shown).toEqual([
      expect.objectContaining({ version: 500, targets: 23, counts: { added: 1, removed: 1, changed: 3 } }),
      expect.objectContaining({ version: 499, problem: undefined }),
    ]);
    const within = await listVersions(id, { since: start + 9 * 60_000, until: start + 11 * 60_000 }, input);
    expect(within.map(({ version }) => version)).toEqual([12, 11, 10]);
    expect(await listJournals(input)).toEqual([id]);
    expect(await listJournals(input, 'ap')).toEqual([]);
  });

  test('tell the life of one target', async () => {
    const life = await lifeOfTarget(id, { ...has(addressOf(0)), limit: 4 }, { store, signal });
    expect(life.events.map(({ version, change }) => [version, change.kind])).toEqual([
      [490, 'added'],
      [491, 'removed'],
      [497, 'added'],
      [498, 'removed'],
    ]);
    const always = await lifeOfTarget(id, has(addressOf(10)), { store, signal });
    expect(always).toMatchObject({
      events: [{ version: 1, change: { kind: 'added' } }],
      begins: 1,
      problems: [],
    });
  });
});

test('a version that cannot be read is listed with its reason', async () => {
  const { store } = await liveThrough(3);
  await store.put(journalKey(id, 2), new Uint8Array([1]), { condition: 'any' });
  expect((await listVersions(id, {}, { store, signal })).map((one) => [one.version, one.problem])).toEqual([
    [3, undefined],
    [2, expect.stringContaining(`${journalKey(id, 2)}: not gzip`)],
    [1, undefined],
  ]);
});

async function copyOf(store: ObjectStore): Promise<ObjectStore> {
  const copy = createMemoryStore();
  for (const { key } of await store.list('')) {
    const found = await store.get(key);
    if (found !== undefined) await copy.put(key, found.body, { condition: 'any' });
  }
  return copy;
}

test('an empty list is the one before the first version', async () => {
  const { groups } = await groupsAt(id, 0, { store: createMemoryStore(), signal });
  expect(groups).toEqual(toGroups([]));
});
