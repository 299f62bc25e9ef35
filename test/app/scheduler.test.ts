import { describe, expect, test } from '@jest/globals';
import { bindOutputs, type KubeStateOutput } from '../../lib/app/kube-state/outputs.ts';
import type { AppProvider } from '../../lib/app/providers.ts';
import { runScheduler } from '../../lib/app/scheduler.ts';
import { kubeStateConfig } from '../../lib/kubestate/options.ts';
import type { Rendered } from '../../lib/kubestate/render.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { targetsKey } from '../../lib/target/names.ts';
import { createLogger, silentLogger } from '../../lib/telemetry/log.ts';
import { listing, providerOf, readHistory } from '../support/provider.ts';

function providerAt(job: string, find: Parameters<typeof providerOf>[0], refreshInterval = 1): AppProvider {
  return { ...providerOf(find, { job }), mechanism: 'consul', refreshInterval };
}

/** A configuration but for its providers. */
const nothing = { outputs: [], isEmpty: false };

/** What a cluster without objects comes to. */
const nothingRendered: Rendered = {
  ...{
    objects: 0,
    samples: 0,
    families: new Map(),
    size: 0,
    splices: [],
    members: () => [],
    close: () => undefined,
  },
};

function outputNamed(name: string): KubeStateOutput {
  const input = { readCredential: async () => '', log: silentLogger, directory: '/' };
  const [output] = bindOutputs([kubeStateConfig.parse({ name })], input);
  if (output === undefined) throw new Error('no output');
  return output;
}

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

  test('removes the text of an output only when its last cycle has ended', async () => {
    const stop = new AbortController();
    const store = createMemoryStore();
    const { promise: listed, resolve: finish } = Promise.withResolvers<void>();
    const gone: KubeStateOutput = {
      ...outputNamed('gone'),
      async render() {
        outputs = [];
        await listed;
        return nothingRendered;
      },
    };
    let outputs: readonly KubeStateOutput[] = [gone];
    let turns = 0;
    const lines: string[] = [];
    await runScheduler({
      store,
      log: createLogger({ level: 'info', write: (line) => lines.push(line) }),
      signal: stop.signal,
      retireOutputAfter: 0,
      async config() {
        // Some turns without it, in which it must not be retired under its running cycle.
        if (outputs.length === 0 && ++turns === 3) finish();
        if (lines.some((line) => line.includes('retired'))) stop.abort();
        return { providers: [providerAt('stays', () => listing(1), 3_600_000)], outputs, isEmpty: false };
      },
    });
    const said = lines
      .filter((line) => line.includes('output=gone'))
      .map((line) => /msg="([^":]*)/.exec(line)?.[1]);
    expect(said).toEqual(['kube-state cycle', 'retired']);
    expect(await store.list('metrics/')).toEqual([]);
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
