import { describe, expect, test } from '@jest/globals';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { type Named, resolveNames } from '../../lib/cycle/naming.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { countingStore } from '../support/counting-store.ts';
import { inputOf, listing, providerOf } from '../support/provider.ts';

const { signal } = new AbortController();

/** SD configs of Consul in the order of the file: each is told by what it lists. */
function configured(...identities: readonly string[]): Named[] {
  return identities.map((identity, index) => ({
    job: 'api',
    provider: `consul-${index}`,
    mechanism: 'consul',
    identity,
  }));
}

/** Publishes as the configuration says, each provider under the name that it resolves to. */
async function publish(store: ObjectStore, providers: readonly Named[]): Promise<void> {
  for (const { job, provider, identity } of await resolveNames(providers, { store, signal })) {
    const count = identity === 'small' ? 4 : 16;
    await runCycle(
      providerOf(() => listing(count, identity), { job, provider, ...(identity && { identity }) }),
      inputOf(store),
    );
  }
}

const namesOf = async (store: ObjectStore, providers: readonly Named[]) =>
  (await resolveNames(providers, { store, signal })).map(({ identity, provider }) => [identity, provider]);

describe('a provider is known by what it lists (row 11)', () => {
  test('new ones are named by their place', async () => {
    expect(await namesOf(createMemoryStore(), configured('a', 'b'))).toEqual([
      ['a', 'consul-0'],
      ['b', 'consul-1'],
    ]);
  });

  test('two SD configs that change places keep their names and their lists', async () => {
    const store = createMemoryStore();
    await publish(store, configured('large', 'small'));
    expect(await namesOf(store, configured('small', 'large'))).toEqual([
      ['small', 'consul-1'],
      ['large', 'consul-0'],
    ]);
    await publish(store, configured('small', 'large'));
    const counts = await Promise.all(
      ['consul-0', 'consul-1'].map(async (provider) => {
        const { status } = await readStatus(store, { job: 'api', provider });
        return [status?.identity, status?.targets, status?.version];
      }),
    );
    expect(counts).toEqual([
      ['large', 16, 1],
      ['small', 4, 1],
    ]);
  });

  test('one that is put in front gets the lowest free name, the others keep theirs', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a', 'b'));
    expect(await namesOf(store, configured('new', 'a', 'b'))).toEqual([
      ['new', 'consul-2'],
      ['a', 'consul-0'],
      ['b', 'consul-1'],
    ]);
  });

  test('one that is taken out leaves the names of the others alone', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a', 'b', 'c'));
    expect(await namesOf(store, configured('b', 'c'))).toEqual([
      ['b', 'consul-1'],
      ['c', 'consul-2'],
    ]);
  });

  test('an edited one is a successor under a name of its own: the old list stays until it leaves', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a', 'b'));
    expect(await namesOf(store, configured('a edited', 'b'))).toEqual([
      ['a edited', 'consul-2'],
      ['b', 'consul-1'],
    ]);
  });

  test('a name that the configuration gives is kept, and nobody else gets it', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a'));
    const [a, b] = configured('a', 'b');
    if (a === undefined || b === undefined) throw new Error('two are configured');
    const named = { ...b, provider: 'consul-eu', hasOwnName: true };
    expect(await namesOf(store, [named, a])).toEqual([
      ['b', 'consul-eu'],
      ['a', 'consul-0'],
    ]);
    const taken = { ...b, provider: 'consul-0', hasOwnName: true };
    expect(await namesOf(store, [taken, { ...a, provider: 'consul-1' }])).toEqual([
      ['b', 'consul-0'],
      ['a', 'consul-1'],
    ]);
  });

  test('two that list the same each have a name', async () => {
    const store = createMemoryStore();
    await publish(store, configured('same', 'same'));
    const names = (await namesOf(store, configured('same', 'same'))).map(([, name]) => name);
    expect(names).toEqual(['consul-0', 'consul-1']);
  });

  test('a status that does not say what its provider lists is taken over by the one in its place', async () => {
    const store = createMemoryStore();
    for (const provider of ['consul-0', 'consul-1'])
      await runCycle(
        providerOf(() => listing(3), { provider }),
        inputOf(store),
      );
    expect(await namesOf(store, configured('a', 'b'))).toEqual([
      ['a', 'consul-0'],
      ['b', 'consul-1'],
    ]);
  });

  test('providers of another job or mechanism count for nothing', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a'));
    const other = { job: 'web', provider: 'consul-0', mechanism: 'consul', identity: 'a' };
    const dns = { job: 'api', provider: 'dns-0', mechanism: 'dns', identity: 'a' };
    expect(await namesOf(store, [other, dns])).toEqual([
      ['a', 'consul-0'],
      ['a', 'dns-0'],
    ]);
  });

  test('a configuration as it was costs a look at each status, which the cycle gets, and no listing', async () => {
    const store = createMemoryStore();
    await publish(store, configured('a', 'b'));
    const counted = countingStore(store);
    const resolved = await resolveNames(configured('a', 'b'), { store: counted.store, signal });
    expect(counted.calls.map(({ kind, key }) => [kind, key])).toEqual([
      ['get', 'status/api/consul-0.json'],
      ['get', 'status/api/consul-1.json'],
    ]);
    expect(resolved.map(({ stored }) => stored?.status?.identity)).toEqual(['a', 'b']);
  });
});
