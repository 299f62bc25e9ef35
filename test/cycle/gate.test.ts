import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { readHeld } from '../../lib/cycle/held.ts';
import { encodeFileSd } from '../../lib/targets/file-sd.ts';
import type { TargetGroup } from '../../lib/targets/group.ts';
import { journalKey, snapshotKey, statusKey, targetsKey } from '../../lib/targets/keys.ts';
import { draws } from '../support/counts.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { id, readHistory } from '../support/provider.ts';
import { addressOf, openScenario, targets } from './scenario.ts';

const outcomes = (results: readonly { readonly outcome: string }[]) => results.map(({ outcome }) => outcome);

describe('the gate', () => {
  test.each([
    { why: 'all gone', before: 1000, after: 0, outcome: 'held' },
    { why: 'more than half gone', before: 1000, after: 400, outcome: 'held' },
    { why: 'just half gone', before: 1000, after: 500, outcome: 'published' },
    { why: 'few gone', before: 1000, after: 950, outcome: 'published' },
    { why: 'few targets, most gone', before: 9, after: 1, outcome: 'published' },
    { why: 'a single target gone', before: 1, after: 0, outcome: 'held' },
    { why: 'ten targets, most gone', before: 10, after: 4, outcome: 'held' },
    { why: 'never had any', before: 0, after: 0, outcome: 'unchanged' },
  ])('$why: $outcome', async ({ before, after, outcome }) => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, before));
    expect((await scenario.cycle(targets(0, after))).outcome).toBe(outcome);
    expect(await scenario.published()).toHaveLength(outcome === 'held' ? before : after);
  });

  test('an empty catalog is held for an hour, however often it is listed (row 1)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 200));
    const looks = draws(120);
    for (let look = 0; look < looks; look++) {
      scenario.minutes = 1.5 + (60 * look) / looks;
      await scenario.cycle([]);
    }
    expect(await scenario.published()).toHaveLength(200);
    scenario.minutes = 62;
    expect((await scenario.cycle([])).confirmed).toBe(200);
    expect(await scenario.published()).toEqual([]);
  });

  test('`never` keeps an empty list for good', async () => {
    const guard = {
      max_removed: 0.5,
      min_targets: 10,
      confirm_after: 900_000,
      confirm_empty_after: 'never' as const,
    };
    const scenario = openScenario({ guard });
    await scenario.cycle(targets(0, 3));
    for (let day = 1; day < 30; day++) {
      scenario.minutes = day * 1440;
      await scenario.cycle([]);
    }
    expect(await scenario.published()).toHaveLength(3);
  });

  test('a drop passes after fifteen minutes in which every listing lacked the targets', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 100));
    const results = await scenario.cycles(16, targets(0, 20));
    expect(outcomes(results)).toEqual([...Array(15).fill('held'), 'published']);
    expect(results.at(-1)?.confirmed).toBe(80);
    expect((await scenario.status())?.confirmed?.targets).toBe(80);
    expect((await readHistory(scenario.store)).reasons).toEqual(['discovered', 'confirmed']);
  });

  test('a run that dies between what is held and the status counts its minutes once', async () => {
    const one = openScenario();
    await one.cycle(targets(0, 20));
    const dying = faultyStore(one.store, [
      ...Array.from({ length: 40 }, (_, index) => ({
        when: 'before' as const,
        at: index + 1,
        matches: (kind: string, key: string) => kind === 'put' && key.startsWith('status/'),
        act() {
          throw new MusterError('storage', 'the run died');
        },
      })),
    ]);
    const before: number[] = [];
    for (let minute = 1; minute <= 15; minute++) {
      await one.cycle(targets(0, 5), minute % 2 === 0 ? { store: dying } : {});
      before.push((await one.published()).length);
    }
    expect(before).toEqual(before.map(() => 20));
    await one.cycles(2, targets(0, 5));
    expect(await one.published()).toHaveLength(5);
  });

  test('three listings must agree, however far apart they are', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 100));
    const results = [];
    for (const hours of [1, 2, 3]) {
      scenario.minutes = hours * 60;
      results.push(await scenario.cycle(targets(0, 20)));
    }
    expect(outcomes(results)).toEqual(['held', 'held', 'published']);
  });

  test('a target that comes back begins anew when it is missing again', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 100));
    await scenario.cycles(10, targets(0, 20));
    expect((await scenario.cycle(targets(0, 100))).outcome).toBe('unchanged');
    expect(outcomes(await scenario.cycles(15, targets(0, 20)))).toEqual(Array(15).fill('held'));
  });

  test('a status that a held cycle wrote, and a junk snapshot, measure nothing (row 2)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 1));
    await scenario.store.put(snapshotKey(id), Buffer.from('junk'), { condition: 'any' });
    const results = await scenario.cycles(2, targets(0, 1));
    expect(await scenario.published()).toHaveLength(40);
    expect(results[0]?.damaged).toContain('the snapshot cannot be read');
    expect((await scenario.status())?.damaged?.message).toContain('the snapshot cannot be read');
    expect((await scenario.status())?.targets).toBe(40);
  });

  test.each([1, 0])(
    'with snapshot and journal gone the target file is the measure: 40 → %d is held (row 3)',
    async (left) => {
      const scenario = openScenario();
      await scenario.cycles(1, targets(0, 39));
      await scenario.cycle(targets(0, 40));
      for (const key of [snapshotKey(id), journalKey(id, 1), journalKey(id, 2)])
        await scenario.store.delete(key);
      const result = await scenario.cycle(targets(0, left));
      expect(result).toMatchObject({ version: 3, damaged: 'the snapshot and the journal are gone' });
      expect(await scenario.published()).toHaveLength(40);
      expect((await scenario.status())?.targets).toBe(40);
    },
  );

  test('with the target file gone too nothing short is published', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    for (const key of [snapshotKey(id), journalKey(id, 1), targetsKey(id)]) await scenario.store.delete(key);
    await scenario.store.put(snapshotKey(id), Buffer.from('junk'), { condition: 'any' });
    const { outcome, error } = await scenario.cycle(targets(0, 1));
    expect(outcome).toBe('failed');
    expect(error?.message).toContain('the listing has 1 targets instead of 40: nothing is published');
    expect((await scenario.status())?.targets).toBe(40);
    expect((await scenario.cycle(targets(0, 30))).outcome).toBe('published');
  });

  test.each([snapshotKey(id), statusKey(id)])(
    '%s of a newer Muster fails the cycle and stays as it is (row 4)',
    async (key) => {
      const scenario = openScenario();
      await scenario.cycle(targets(0, 40));
      const { gzipSync } = await import('node:zlib');
      const text = `{"schema":${key === statusKey(id) ? 2 : 4},"version":1,"groups":[\n]}\n`;
      const newer = key === statusKey(id) ? Buffer.from(text) : gzipSync(text);
      await scenario.store.put(key, newer, { condition: 'any' });
      const { outcome, error } = await scenario.cycle([]);
      expect(outcome).toBe('failed');
      expect(error?.kind).toBe('newer');
      expect(error?.message).toContain('written by a newer Muster');
      const found = await scenario.store.get(key);
      expect(found !== undefined && Buffer.from(found.body)).toEqual(newer);
      expect(await scenario.published()).toHaveLength(40);
    },
  );

  test('a stray object at the end of the journal freezes nothing (row 8)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.store.put(snapshotKey(id), Buffer.from('junk'), { condition: 'any' });
    await scenario.store.put('journal/api/consul-0/zzz.json.gz', Buffer.from('stray'), { condition: 'any' });
    await scenario.store.put('journal/api/consul-0/900000000000.json.gz', Buffer.from('stray'), {
      condition: 'any',
    });
    const result = await scenario.cycle(targets(0, 41));
    expect(result).toMatchObject({ outcome: 'published', version: 2 });
    expect(await scenario.published()).toHaveLength(41);
  });

  test('new targets are published while others are held (row 15)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    const result = await scenario.cycle([...targets(0, 15), ...targets(100, 105)]);
    expect(result).toMatchObject({ outcome: 'published', targets: 45 });
    expect(result.held?.targets).toBe(25);
    expect(await scenario.published()).toContain(addressOf(104));
  });

  test('new labels of targets that are still there are published while others are held', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40, { __meta_version: 'old' }));
    await scenario.cycle(targets(0, 15, { __meta_version: 'new' }));
    const { lists } = await readHistory(scenario.store);
    const text = Buffer.from(encodeFileSd(lists.at(-1) ?? new Map())).toString();
    expect(text.match(/"new"/g)).toHaveLength(15);
    expect(text.match(/"old"/g)).toHaveLength(25);
  });

  test('halving again and again is held from the second time on (row 16)', async () => {
    const scenario = openScenario();
    const counts: number[] = [];
    for (const count of [200, 100, 50, 25, 13, 9, 1]) {
      await scenario.cycle(targets(0, count));
      counts.push((await scenario.published()).length);
    }
    expect(counts).toEqual([200, 100, 100, 100, 100, 100, 100]);
  });

  test('what a listing did not see can grow and not shrink (row 18)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    const unseen = (source: string) =>
      Number(source.slice(1)) >= 20 ? 'the token sees less than before' : undefined;
    const partial = { groups: [...targets(0, 20), ...targets(50, 52)], listed: { unseen } };
    await scenario.cycles(100, partial);
    expect(await scenario.published()).toHaveLength(42);
    expect((await scenario.status())?.held).toMatchObject({ kind: 'unseen', targets: 20 });
    expect((await scenario.status())?.held?.until).toBeUndefined();
    expect((await scenario.cycle([...targets(0, 20), ...targets(50, 52)])).outcome).toBe('published');
    expect(await scenario.published()).toHaveLength(22);
  });

  test('what a backend filters as before waits, also where it is little', async () => {
    const scenario = openScenario();
    const listed = { filtered: 'the token may not read everything' };
    await scenario.cycle({ groups: targets(0, 40), listed });
    const results = [];
    for (let minute = 0; minute < 16; minute++)
      results.push(await scenario.cycle({ groups: targets(0, 39), listed }));
    expect(outcomes(results)).toEqual([...Array(15).fill('held'), 'published']);
  });

  test('an ill registry does not confirm its own loss (row 19)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    for (let round = 0; round < 60; round++) {
      await scenario.cycle(targets(0, 5));
      await scenario.cycle(new Error('HTTP 500'));
    }
    expect(await scenario.published()).toHaveLength(40);
  });

  test('churn elsewhere does not keep a drop from being confirmed, nor pile up (row 19)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 200));
    for (let minute = 0; minute < 16; minute++) {
      await scenario.cycle([...targets(0, 40), ...targets(1000 + 10 * minute, 1010 + 10 * minute)]);
      expect((await scenario.published()).length).toBeLessThanOrEqual(210);
    }
    expect(await scenario.published()).toHaveLength(50);
  });

  test('an acceptance covers just what was shown, for an hour (row 20)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 15));
    expect(await scenario.accept()).toBe(25);
    expect((await scenario.cycle(targets(0, 2))).held?.targets).toBe(13);
    expect(await scenario.published()).toHaveLength(15);
    expect((await readHistory(scenario.store)).reasons.at(-1)).toBe('accepted');
  });

  test('an acceptance that nobody used ends after an hour', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 15));
    await scenario.accept();
    scenario.minutes += 61;
    await scenario.cycle(new Error('down'));
    expect((await scenario.cycle(targets(0, 15))).outcome).toBe('held');
  });

  test('an acceptance is not lost when a cycle writes at the same time', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 100));
    await scenario.cycle([]);
    const { runCycle } = await import('../../lib/cycle/cycle.ts');
    const { providerOf } = await import('../support/provider.ts');
    const provider = providerOf(async () => {
      await scenario.accept();
      return [];
    });
    const now = () => new Date(Date.UTC(2026, 0, 1) + scenario.minutes * 60_000);
    expect((await runCycle(provider, { store: scenario.store, run: 'accepting', now })).outcome).toBe('held');
    expect((await scenario.cycle([])).outcome).toBe('published');
    expect(await scenario.published()).toEqual([]);
  });

  test('what is counted is what the file holds (row 21)', async () => {
    const scenario = openScenario();
    const group = (address: (index: number) => string) => [
      {
        source: 'one',
        labels: {},
        targets: Array.from({ length: 40 }, (_, index) => ({ __address__: address(index) })),
      },
    ];
    await scenario.cycle(group(addressOf));
    await scenario.cycle(group(() => ''));
    expect((await scenario.status())?.held).toMatchObject({ kind: 'empty', targets: 40 });
    await scenario.cycle(group(() => 'exporter:9115'));
    expect((await scenario.status())?.held).toMatchObject({ kind: 'drop' });
  });

  test('a clock that steps back, or a run on a wrong clock, neither confirms nor blocks (row 27)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 100));
    scenario.minutes = 100_000;
    await scenario.cycle(targets(0, 20));
    scenario.minutes = 2;
    expect(outcomes(await scenario.cycles(12, targets(0, 20)))).toEqual(Array(12).fill('held'));
    expect(outcomes(await scenario.cycles(5, targets(0, 20)))).toContain('published');
  });

  test('another backend under the same provider is held until it is accepted (row 29)', async () => {
    const scenario = openScenario();
    const prod = { groups: targets(0, 40), listed: { backend: ['uid-prod'] } };
    const staging = { groups: targets(100, 140), listed: { backend: ['uid-staging'] } };
    await scenario.cycle(prod);
    const results = await scenario.cycles(100, staging.groups.length === 40 ? staging : prod);
    expect(new Set(outcomes(results))).toEqual(new Set(['held']));
    expect(results[0]?.held?.message).toContain('another backend answers (uid-staging instead of uid-prod)');
    expect(await scenario.published()).toEqual(
      targets(0, 40)
        .map(({ targets: [one] }) => one?.__address__)
        .sort(),
    );
    await scenario.accept();
    expect((await scenario.cycle(staging)).outcome).toBe('published');
    expect(await scenario.published()).toContain(addressOf(139));
    expect((await scenario.cycle(staging)).outcome).toBe('unchanged');
    expect((await scenario.cycle(prod)).outcome).toBe('held');
  });

  test('a list without any common address is held for fifteen minutes where no backend has a name (row 29)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    const results = await scenario.cycles(16, targets(100, 140));
    expect(results[0]?.held?.memory.kind).toBe('disjoint');
    expect(await scenario.published()).toHaveLength(40);
    expect(results.at(-1)?.confirmed).toBe(40);
    expect(results[1]?.targets).toBe(80);
  });

  test('a rollout that replaces every target of a known backend passes', async () => {
    const scenario = openScenario();
    await scenario.cycle({ groups: targets(0, 40), listed: { backend: ['uid'] } });
    const result = await scenario.cycle({ groups: targets(100, 140), listed: { backend: ['uid'] } });
    expect(result).toMatchObject({ outcome: 'published', targets: 40 });
    expect(result.held).toBeUndefined();
  });

  test('a label that nearly all had and none has is held, while new targets pass (row 31)', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40, { __meta_consul_service: 'web' }));
    const results = await scenario.cycles(16, [...targets(0, 40), ...targets(50, 51)]);
    expect(results[0]?.held?.message).toContain('__meta_consul_service');
    expect(results[0]?.targets).toBe(41);
    expect(outcomes(results).at(-1)).toBe('published');
    const { lists, reasons } = await readHistory(scenario.store);
    const texts = lists.map((list) => Buffer.from(encodeFileSd(list)).toString());
    expect(texts.map((text) => (text.match(/__meta_consul_service/g) ?? []).length > 0)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(reasons).toEqual(['discovered', 'discovered', 'confirmed']);
  });

  test('what is held lies in the bucket for people, and goes when it is over', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 15));
    const { held } = await readHeld(scenario.store, id);
    expect(held).toMatchObject({ targets: 25, listed: 15, version: 1 });
    expect(held?.sample[0]).toEqual({ source: 's15', labels: { __address__: addressOf(15) } });
    expect(held?.message).toBe(
      'the listing fell from 40 to 15 targets: 25 targets stay published until they have been missing for 15m (0s so far)',
    );
    await scenario.cycle(targets(0, 40));
    expect((await readHeld(scenario.store, id)).held).toBeUndefined();
    expect((await scenario.status())?.held).toBeUndefined();
  });

  test('a held target that comes back under other labels is not published twice', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 15));
    await scenario.cycle([
      ...targets(0, 15),
      ...targets(15, 16, { __meta_new: 'yes' }).map((group) => ({ ...group, source: 'moved' })),
    ]);
    expect((await scenario.published()).filter((address) => address === addressOf(15))).toHaveLength(1);
  });

  test('a hold alone makes no new version, also where targets share labels', async () => {
    const scenario = openScenario();
    const group = (size: number): TargetGroup => ({
      source: 'service',
      labels: { __meta_service: 'web', __meta_zone: 'a' },
      targets: targets(0, size).flatMap((one) => one.targets),
    });
    await scenario.cycle([group(40)]);
    expect(outcomes([await scenario.cycle([group(15)]), await scenario.cycle([])])).toEqual(['held', 'held']);
    const { version, reasons } = await readHistory(scenario.store);
    expect({ version, reasons }).toEqual({ version: 1, reasons: ['discovered'] });
    expect(await scenario.published()).toHaveLength(40);
  });

  test('a quiet cycle writes the status alone', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    const written: string[] = [];
    const store = {
      ...scenario.store,
      put: (...args: Parameters<typeof scenario.store.put>) => {
        written.push(args[0]);
        return scenario.store.put(...args);
      },
    };
    await openScenario({}, store).cycle(targets(0, 40));
    expect(written).toEqual([statusKey(id)]);
  });
});
