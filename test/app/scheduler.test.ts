import { describe, expect, test } from '@jest/globals';
import type { AppProvider } from '../../lib/app/providers.ts';
import { runScheduler } from '../../lib/app/scheduler.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { targetsKey } from '../../lib/target/names.ts';
import { silentLogger } from '../../lib/telemetry/log.ts';
import { listing, providerOf, readHistory } from '../support/provider.ts';

function providerAt(job: string, find: Parameters<typeof providerOf>[0], refreshInterval = 1): AppProvider {
  return { ...providerOf(find, { job }), mechanism: 'consul', refreshInterval };
}

/** A configuration but for its providers. */
const nothing = { outputs: [], isEmpty: false };

describe('the scheduler', () => {
  test('gives each provider its turn, however many are always due', async () => {
    const stop = new AbortController();
    const busy = Array.from({ length: 8 }, (_, number) => providerAt(`busy-${number}`, () => listing(1)));
    const last = providerAt('last', () => listing(1));
    await runScheduler({
      store: createMemoryStore(),
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [...busy, last] }),
      onResult: ({ job }) => job === 'last' && stop.abort(),
    });
    expect(stop.signal.aborted).toBe(true);
  });

  test('keeps the interval of each provider, and takes a shorter one at once', async () => {
    const stop = new AbortController();
    let found = 0;
    const find = () => listing(++found);
    await runScheduler({
      store: createMemoryStore(),
      log: silentLogger,
      signal: stop.signal,
      config: async () => ({ ...nothing, providers: [providerAt('api', find, found === 0 ? 3_600_000 : 1)] }),
      onResult: () => found === 2 && stop.abort(),
    });
    expect(found).toBe(2);
  });

  test('retires a provider only when its last cycle has ended, which then publishes nothing any more', async () => {
    const stop = new AbortController();
    const store = createMemoryStore();
    const gone = { job: 'gone', provider: 'consul-0' };
    const { promise: listed, resolve: finish } = Promise.withResolvers<void>();
    let round = 0;
    let configured = [
      providerAt('stays', () => listing(1)),
      providerAt('gone', async () => {
        round++;
        if (round === 2) {
          configured = configured.slice(0, 1);
          await listed;
        }
        return listing(round + 1);
      }),
    ];
    let turns = 0;
    const results: string[] = [];
    await runScheduler({
      store,
      log: silentLogger,
      signal: stop.signal,
      async config() {
        // Some turns without it, in which it must not be retired under its running cycle.
        if (configured.length === 1 && ++turns === 3) finish();
        if (configured.length === 1 && (await store.get(targetsKey(gone))) === undefined) stop.abort();
        return { ...nothing, providers: configured };
      },
      onResult: ({ job, outcome }) => job === 'gone' && results.push(outcome),
    });
    const history = await readHistory(store, gone);
    expect({ results, reasons: history.reasons, file: history.file }).toEqual({
      results: ['published', 'published'],
      reasons: ['discovered', 'discovered', 'retired'],
      file: undefined,
    });
  });
});
