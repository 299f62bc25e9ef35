import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '../store.ts';
import { expect, startingWith } from './expect.ts';
import { keyPromises } from './keys.ts';
import { bytes, type ContractTest, failure, type MakePlace, promisesOf, text } from './probe.ts';
import { streamingPromises } from './streaming.ts';
import { writingPromises } from './writing.ts';

/**
 * What every driver promises, as tests for any test runner: each has a name, and throws if the driver breaks the
 * promise. `makePlace` makes an empty place for objects, and returns what opens a handle on it; each test has a place
 * of its own, and disposes of the handles that it opened.
 */
export function storeContract(makePlace: MakePlace): readonly ContractTest[] {
  const promises = (place: MakePlace) => [
    ...writingPromises(place),
    ...keyPromises(place),
    ...streamingPromises(place),
    ...readingPromises(place),
  ];
  return promises(makePlace).map(({ name }, index) => ({
    name,
    async run() {
      const opened: ObjectStore[] = [];
      const own: MakePlace = async () => {
        const open = await makePlace();
        return () => {
          const store = open();
          opened.push(store);
          return store;
        };
      };
      try {
        await promises(own)[index]?.run();
      } finally {
        await Promise.all(opened.map((store) => store[Symbol.asyncDispose]()));
      }
    },
  }));
}

function readingPromises(makePlace: MakePlace): readonly ContractTest[] {
  return promisesOf('reading', (test) => {
    test('gives what was written, with the etag that writing returned', async () => {
      const store = (await makePlace())();
      const { etag } = await store.put('targets/a.json', bytes('[1]'), { condition: 'create' });
      expect(await store.get('targets/a.json')).toEqual({ body: bytes('[1]'), etag });
      expect(await store.head('targets/a.json')).toEqual({ etag });
    });

    test('tells a missing object from an empty one', async () => {
      const store = (await makePlace())();
      const { etag } = await store.put('empty', new Uint8Array(), { condition: 'any' });
      expect([await store.get('empty'), await store.get('none'), await store.head('none/at/all')]).toEqual([
        { body: new Uint8Array(), etag },
        undefined,
        undefined,
      ]);
    });

    test('answers "unchanged" only to the etag that the object has', async () => {
      const store = (await makePlace())();
      const first = await store.put('a', bytes('one'), { condition: 'any' });
      expect(await store.getIfChanged('a', first.etag)).toBe('unchanged');
      const second = await store.put('a', bytes('two'), { condition: 'any' });
      expect(await store.getIfChanged('a', first.etag)).toEqual({ body: bytes('two'), ...second });
      expect(await store.getIfChanged('none', first.etag)).toBe(undefined);
    });

    test('refuses an object over the limit, and gives one at the limit', async () => {
      const store = (await makePlace())();
      await store.put('a', bytes('12345'), { condition: 'any' });
      expect(await failure(store.get('a', { maxBytes: 4 }))).toMatchObject({
        kind: 'too-large',
        message: startingWith(`${store.url}: a `),
      });
      expect(await text(store, 'a', 5)).toBe('12345');
    });

    test('gives 20 MB back byte for byte', async () => {
      const store = (await makePlace())();
      const body = randomBytes(20_000_000);
      await store.put('snapshots/big', body, { condition: 'create', contentType: 'application/gzip' });
      const found = await store.get('snapshots/big');
      expect(found !== undefined && Buffer.compare(found.body, body)).toBe(0);
      expect(await store.list('snapshots/')).toMatchObject([{ key: 'snapshots/big', size: 20_000_000 }]);
    });

    test('hands out bodies that nobody else writes to', async () => {
      const store = (await makePlace())();
      const body = bytes('mine');
      await store.put('a', body, { condition: 'any' });
      body.fill(0);
      const found = await store.get('a');
      if (found !== undefined) found.body.fill(1);
      expect(await text(store, 'a')).toBe('mine');
    });

    test('ends each call whose signal has fired, and does none of it', async () => {
      const store = (await makePlace())();
      const signal = AbortSignal.abort();
      const failures = [
        await failure(store.put('a', bytes('x'), { condition: 'any', signal })),
        await failure(store.get('a', { signal })),
        await failure(store.head('a', { signal })),
        await failure(store.list('', { signal })),
        await failure(store.delete('a', { signal })),
        await failure(store.verify({ signal })),
      ];
      expect(failures.map(({ kind }) => kind)).toEqual(Array.from(failures, () => 'timeout'));
      expect(await store.list('')).toEqual([]);
    });

    test('says of itself that it honours conditions, leaving at most one small object, also the second time', async () => {
      const store = (await makePlace())();
      await store.verify();
      await store.verify();
      const left = await store.list('');
      expect(left.filter(({ size }) => size > 1000)).toEqual([]);
      expect(left.length).toBeAtMost(1);
    });
  });
}
