import { describe, expect, test } from '@jest/globals';
import { readHeld } from '../../lib/cycle/held.ts';
import { listVersions } from '../../lib/cycle/history.ts';
import { groupsAt } from '../../lib/cycle/list-at.ts';
import { loadProvider } from '../../lib/cycle/load.ts';
import {
  type OperatorInput,
  pinProvider,
  type RollbackTo,
  rejectHeld,
  rollbackProvider,
  unpinProvider,
} from '../../lib/cycle/operate.ts';
import { snapshotKey } from '../../lib/targets/keys.ts';
import { id, providerOf, readHistory } from '../support/provider.ts';
import { addressOf, openScenario, type Scenario, targets } from './scenario.ts';

const { signal } = new AbortController();
const { guard } = providerOf(() => []);
const start = Date.UTC(2026, 0, 1);

let runs = 0;

/** An operator at this minute of the scenario. */
function operator({ store, minutes }: Scenario, why?: string): OperatorInput {
  const now = () => new Date(start + minutes * 60_000);
  return { store, signal, now, run: `operator-${++runs}`, by: 'ann', why };
}

function minute(minutes: number): string {
  return new Date(start + minutes * 60_000).toISOString();
}

function back(to: number, rest: Partial<RollbackTo> = {}): RollbackTo {
  return { to, maxRemoved: 0, guard, ...rest };
}

function addresses(from: number, to: number): readonly string[] {
  return targets(from, to)
    .map((_, index) => addressOf(from + index))
    .sort();
}

async function causes({ store }: Scenario) {
  const versions = await listVersions(id, {}, { store, signal });
  return versions.map(({ version, head }) => [version, head?.control?.action ?? head?.reason]).reverse();
}

/** A provider that had 40 targets, and then 40 others beside a few of these. */
async function changed(): Promise<Scenario> {
  const scenario = openScenario();
  await scenario.cycle(targets(0, 40));
  await scenario.cycle(targets(10, 45));
  return scenario;
}

describe('a rollback', () => {
  test('is a new version with the old list, published at once, told with who and why', async () => {
    const scenario = await changed();
    const done = await rollbackProvider(id, back(1), operator(scenario, 'bad deploy'));
    expect(done).toMatchObject({ version: 3, isNew: true });
    expect(await scenario.published()).toEqual(addresses(0, 40));
    const { lists, version, snapshotVersion, publishedVersion } = await readHistory(scenario.store);
    expect([version, snapshotVersion, publishedVersion]).toEqual([3, 3, 3]);
    expect(lists[3]).toEqual(lists[1]);
    const [newest] = await listVersions(id, { limit: 1 }, { store: scenario.store, signal });
    expect(newest?.head).toMatchObject({
      reason: 'accepted',
      targets: 40,
      control: {
        action: 'rollback',
        by: 'ann',
        why: 'bad deploy',
        state: { rollback: { to: 1, version: 3 } },
      },
    });
  });

  test('is one version, however often it is asked for', async () => {
    const scenario = await changed();
    const pin = { until: minute(120) };
    await rollbackProvider(id, back(1, { pin }), operator(scenario));
    const again = await rollbackProvider(id, back(1, { pin: { until: minute(121) } }), operator(scenario));
    expect(again).toMatchObject({ version: 3, isNew: false });
    expect((await readHistory(scenario.store)).version).toBe(3);
  });

  test('that would remove too much is refused, with what would go and how to allow it', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 10));
    await scenario.cycle(targets(0, 40));
    await expect(rollbackProvider(id, back(1), operator(scenario))).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(
        /^a rollback of api\/consul-0 to version 1 would remove 30 of 40 targets \(10\.0\.0\.10:80, .* and 25 more\): nothing was changed; --max-removed 30 allows it$/,
      ),
    });
    expect(await scenario.published()).toHaveLength(40);
    await rollbackProvider(id, back(1, { maxRemoved: 30 }), operator(scenario));
    expect(await scenario.published()).toEqual(addresses(0, 10));
  });

  test('without a pin lasts until the next cycle, whose removals the gate judges anew', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    for (let minutes = 0; minutes < 20; minutes++) await scenario.cycle(targets(0, 15));
    expect(await scenario.published()).toHaveLength(15);
    await rollbackProvider(id, back(1), operator(scenario));
    expect(await scenario.cycle(targets(0, 15))).toMatchObject({ outcome: 'held', targets: 40 });
    expect((await readHeld(scenario.store, id)).held?.memory.marks.size).toBe(25);
  });

  test('ends a cycle under way that loaded the version before', async () => {
    const scenario = await changed();
    const racing = {
      groups: targets(20, 60),
      listed: {},
    };
    const result = await scenario.cycle(racing, {
      onProgress: undefined,
      store: await storeThatFirst(scenario, () => rollbackProvider(id, back(1), operator(scenario))),
    });
    expect(result.outcome).toBe('superseded');
    expect(await scenario.published()).toEqual(addresses(0, 40));
  });
});

/** The store, on which something happens just before the first entry is committed. */
async function storeThatFirst({ store }: Scenario, act: () => Promise<unknown>): Promise<Scenario['store']> {
  let isDone = false;
  return {
    ...store,
    async put(key, body, options) {
      if (!isDone && key.startsWith('journal/')) {
        isDone = true;
        await act();
      }
      return store.put(key, body, options);
    },
  };
}

describe('a pinned list', () => {
  test('stays as it is, while cycles go on and tell what they would do', async () => {
    const scenario = await changed();
    await rollbackProvider(id, back(1, { pin: { until: minute(60) } }), operator(scenario, 'bad deploy'));
    const result = await scenario.cycle(targets(10, 45));
    expect(result).toMatchObject({ outcome: 'held', version: 3, targets: 40 });
    expect(await scenario.published()).toEqual(addresses(0, 40));
    expect(await scenario.status()).toMatchObject({
      failures: 0,
      version: 3,
      published_version: 3,
      pinned: { since: minute(2), until: minute(60), by: 'ann', why: 'bad deploy' },
      held: {
        kind: 'pinned',
        targets: 10,
        listed: 35,
        until: minute(60),
        message: `the list is pinned by ann (bad deploy) until ${minute(60)}: this cycle would add 5, remove 10 and change 0 targets`,
      },
    });
    expect((await scenario.cycle(targets(0, 40))).outcome).toBe('unchanged');
    expect((await scenario.status())?.held).toBeUndefined();
  });

  test('moves again when the time is over, and the gate counts from then', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await pinProvider(id, minute(30), operator(scenario));
    await scenario.cycles(29, targets(0, 10));
    expect(scenario.minutes).toBe(30);
    await scenario.cycles(14, targets(0, 10));
    expect(await scenario.published()).toHaveLength(40);
    await scenario.cycles(2, targets(0, 10));
    expect(await scenario.published()).toHaveLength(10);
    expect(await causes(scenario)).toEqual([
      [1, 'discovered'],
      [2, 'pin'],
      [3, 'lapse'],
      [4, 'confirmed'],
    ]);
  });

  test('moves again when it is unpinned; both are one version, however often they are asked for', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await pinProvider(id, undefined, operator(scenario));
    expect((await pinProvider(id, undefined, operator(scenario))).isNew).toBe(false);
    await scenario.cycle(targets(0, 41));
    expect(await scenario.published()).toHaveLength(40);
    await unpinProvider(id, operator(scenario));
    expect((await unpinProvider(id, operator(scenario))).isNew).toBe(false);
    expect((await scenario.status())?.pinned).toBeUndefined();
    await scenario.cycle(targets(0, 41));
    expect(await scenario.published()).toHaveLength(41);
    expect((await causes(scenario)).map(([, cause]) => cause)).toEqual([
      'discovered',
      'pin',
      'unpin',
      'discovered',
    ]);
  });

  test('stays pinned when the snapshot is lost or damaged', async () => {
    for (const damage of ['lost', 'damaged']) {
      const scenario = openScenario();
      await scenario.cycle(targets(0, 40));
      await pinProvider(id, undefined, operator(scenario, 'why'));
      if (damage === 'lost') await scenario.store.delete(snapshotKey(id));
      else await scenario.store.put(snapshotKey(id), new Uint8Array([1]), { condition: 'any' });
      await scenario.cycle(targets(0, 5));
      expect([damage, (await scenario.published()).length]).toEqual([damage, 40]);
      const { control } = await loadProvider(scenario.store, id, {});
      expect(control.pin).toMatchObject({ by: 'ann', why: 'why' });
    }
  });
});

describe('a rejection', () => {
  test('keeps what is held for good, until the backend has it again', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 10));
    await rejectHeld(id, operator(scenario, 'a rack is down'));
    expect((await rejectHeld(id, operator(scenario))).isNew).toBe(false);
    await scenario.cycles(60, targets(0, 10));
    expect(await scenario.published()).toHaveLength(40);
    expect(await scenario.status()).toMatchObject({
      rejected: { by: 'ann', why: 'a rack is down', targets: 30 },
      held: {
        kind: 'rejected',
        message:
          'the removal was rejected by ann (a rack is down): 30 targets stay published until listed again or accepted',
      },
    });
    await scenario.cycle(targets(0, 39));
    expect((await scenario.status())?.rejected).toMatchObject({ targets: 1 });
    await scenario.cycle(targets(0, 40));
    expect((await scenario.status())?.rejected).toBeUndefined();
    // What goes now is another matter.
    await scenario.cycle(targets(0, 39));
    expect(await scenario.published()).toHaveLength(39);
  });

  test('takes an acceptance back that was there before, and yields to one that comes after', async () => {
    const scenario = openScenario();
    await scenario.cycle(targets(0, 40));
    await scenario.cycle(targets(0, 10));
    await scenario.accept();
    await rejectHeld(id, operator(scenario));
    await scenario.cycles(3, targets(0, 10));
    expect(await scenario.published()).toHaveLength(40);
    expect(await scenario.accept()).toBe(30);
    await scenario.cycle(targets(0, 10));
    expect(await scenario.published()).toEqual(addresses(0, 10));
    expect((await loadProvider(scenario.store, id, {})).control.rejected).toBeUndefined();
  });

  test('of nothing is refused', async () => {
    const scenario = await changed();
    await expect(rejectHeld(id, operator(scenario))).rejects.toMatchObject({ kind: 'not-found' });
    expect((await readHistory(scenario.store)).version).toBe(2);
  });
});

test('an old list is found behind pins and rollbacks', async () => {
  const scenario = await changed();
  await rollbackProvider(id, back(1, { pin: { until: undefined } }), operator(scenario));
  await unpinProvider(id, operator(scenario));
  await scenario.cycle(targets(10, 45));
  const { lists } = await readHistory(scenario.store);
  for (const [version, list] of lists.entries())
    expect((await groupsAt(id, version, { store: scenario.store, signal })).groups).toEqual(list);
});
