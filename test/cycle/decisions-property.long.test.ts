import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BlockLimits } from '../../lib/cycle/blocks.ts';
import { pinAt } from '../../lib/cycle/control.ts';
import { groupsAt } from '../../lib/cycle/list-at.ts';
import { loadProvider } from '../../lib/cycle/load.ts';
import { pinProvider, rejectHeld, rollbackProvider, unpinProvider } from '../../lib/cycle/operate.ts';
import type { Groups } from '../../lib/targets/canonical.ts';
import { draws } from '../support/counts.ts';
import { id, layouts, providerOf, readHistory } from '../support/provider.ts';
import { addressOf, openScenario, type Scenario, targets } from './scenario.ts';

const { signal } = new AbortController();
const { guard } = providerOf(() => []);

/** Something that happens within a minute. */
type Event =
  | { readonly kind: 'cycle'; readonly from: number; readonly to: number; readonly times: number }
  | { readonly kind: 'fail' | 'accept' | 'reject' | 'unpin' }
  | { readonly kind: 'pin'; readonly minutes: number }
  | { readonly kind: 'rollback'; readonly to: number; readonly pin: boolean };

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('cycle'),
      from: fc.nat(20),
      to: fc.nat(40),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('fail', 'accept', 'reject', 'unpin') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pin'), minutes: fc.integer({ min: 1, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback'), to: fc.nat(9), pin: fc.boolean() }) },
);

/** What must hold, followed the plain way beside what happens. */
interface Watch {
  /** Addresses whose removal was rejected, and which nobody has listed or accepted since. */
  unwanted: Set<string>;
  /** The list of each version as it was when it was committed. */
  readonly kept: Map<number, readonly string[]>;
}

const textsOf = (groups: Groups) => [...groups].map(([source, { json }]) => [source, json]);

async function happen(
  scenario: Scenario,
  event: Event,
  watch: Watch,
  limits: BlockLimits | undefined,
): Promise<void> {
  const { store } = scenario;
  const time = () => Date.UTC(2026, 0, 1) + scenario.minutes * 60_000;
  const until = (minutes: number) => new Date(time() + minutes * 60_000).toISOString();
  const input = {
    ...{ store, signal, limits, run: 'operator', by: 'ann', why: undefined },
    now: () => new Date(time()),
  };
  switch (event.kind) {
    case 'cycle':
      for (let count = 0; count < event.times; count++) {
        const before = await scenario.published();
        const listed = targets(event.from, event.to);
        const isPinned = pinAt((await loadProvider(store, id, {})).control, input.now()) !== undefined;
        const { outcome } = await scenario.cycle(listed);
        expect(outcome).not.toBe('failed');
        const after = new Set(await scenario.published());
        if (isPinned) expect([...after]).toEqual(before);
        for (let index = event.from; index < event.to; index++) watch.unwanted.delete(addressOf(index));
        for (const address of watch.unwanted) expect([address, after.has(address)]).toEqual([address, true]);
      }
      return;
    case 'fail':
      await scenario.cycle(new Error('the backend is down'));
      return;
    case 'accept':
      if ((await scenario.accept()) !== undefined) watch.unwanted.clear();
      return;
    case 'reject': {
      const listedNow = (await scenario.status())?.held?.targets;
      const done = await unlessRefused(rejectHeld(id, input));
      if (done === undefined || listedNow === undefined) return;
      const { groups } = await loadProvider(store, id, {});
      const rejected = new Set(done.control.rejected?.ids.map((one) => one.slice(0, one.lastIndexOf('\n'))));
      watch.unwanted = new Set(
        [...groups.keys()]
          .filter((source) => rejected.has(source))
          .map((source) => addressOf(Number(source.slice(1)))),
      );
      return;
    }
    case 'pin':
      await unlessRefused(pinProvider(id, until(event.minutes), input));
      return;
    case 'unpin':
      await unlessRefused(unpinProvider(id, input));
      return;
    default: {
      const pin = event.pin ? { until: until(10) } : undefined;
      await unlessRefused(rollbackProvider(id, { to: event.to, pin, maxRemoved: 0, guard }, input));
      // What the operator takes away is no accident.
      const published = new Set(await scenario.published());
      for (const address of watch.unwanted) if (!published.has(address)) watch.unwanted.delete(address);
    }
  }
}

async function unlessRefused<T>(deciding: Promise<T>): Promise<T | undefined> {
  try {
    return await deciding;
  } catch (error) {
    expect(error).toMatchObject({ kind: expect.stringMatching(/^(?:not-found|denied)$/) });
    return undefined;
  }
}

describe('any order of cycles and decisions', () => {
  test.each(layouts)(
    'a pinned list stays, what was rejected stays, and each version can be rebuilt: %s',
    async (_, limits) => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyEvent, { minLength: 2, maxLength: 12 }), async (events) => {
          const scenario = openScenario({ limits });
          const watch: Watch = { unwanted: new Set(), kept: new Map() };
          for (const event of events) {
            await happen(scenario, event, watch, limits);
            const { version } = await loadProvider(scenario.store, id, {});
            watch.kept.set(version, await scenario.published());
          }
          const { lists, version } = await readHistory(scenario.store);
          for (const [number, list] of lists.entries()) {
            const { groups } = await groupsAt(id, number, { store: scenario.store, signal });
            expect([number, textsOf(groups)]).toEqual([number, textsOf(list)]);
          }
          for (const [number, addresses] of watch.kept) {
            const { groups } = await groupsAt(id, number, { store: scenario.store, signal });
            const rebuilt = [...groups.keys()].map((source) => addressOf(Number(source.slice(1)))).sort();
            expect([number, rebuilt]).toEqual([number, addresses]);
          }
          expect((await scenario.status())?.published_version ?? 0).toBe(version);
        }),
        { numRuns: draws(60) },
      );
    },
    120_000,
  );
});
