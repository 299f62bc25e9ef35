import { compareKeys } from '../store.ts';
import { anyNumber, expect } from './expect.ts';
import { bytes, type ContractTest, failure, type MakePlace, promisesOf, text } from './probe.ts';

/** The part of the contract that is about names: listings, odd keys, and keys that are none. */
export function keyPromises(makePlace: MakePlace): readonly ContractTest[] {
  const listing = promisesOf('listing', (test) => {
    test('shows each object below the prefix with its etag, size and time, by key', async () => {
      const store = (await makePlace())();
      const put = async (key: string, body: string) => ({
        key,
        ...(await store.put(key, bytes(body), { condition: 'create' })),
        size: body.length,
        modified: anyNumber,
      });
      const b = await put('targets/b.json', 'bb');
      const nested = await put('targets/a/x.json', 'x');
      const a = await put('targets/a.json', 'aaa');
      await put('targets2/c.json', 'c');
      await put('other', '');
      expect(await store.list('targets/')).toEqual([a, nested, b]);
      expect((await store.list('')).map(({ key }) => key)).toEqual([
        'other',
        'targets/a.json',
        'targets/a/x.json',
        'targets/b.json',
        'targets2/c.json',
      ]);
      expect(await store.list('none/')).toEqual([]);
    });

    test('shows what was written last and not what was deleted', async () => {
      const store = (await makePlace())();
      await store.put('a/1', bytes('old'), { condition: 'any' });
      await store.put('a/2', bytes('gone'), { condition: 'any' });
      const { etag } = await store.put('a/1', bytes('newer'), { condition: 'any' });
      await store.delete('a/2');
      await store.delete('a/2');
      await store.delete('a/never/was');
      expect(await store.list('a/')).toEqual([{ key: 'a/1', etag, size: 5, modified: anyNumber }]);
    });

    test('says when each object was written last', async () => {
      const store = (await makePlace())();
      // A store may keep whole seconds.
      const before = Math.floor(Date.now() / 1000) * 1000;
      await store.put('a/1', bytes('x'), { condition: 'any' });
      const after = Date.now() + 1;
      const [listed] = await store.list('a/');
      const modified = listed?.modified ?? 0;
      expect([before <= modified, modified <= after]).toEqual([true, true]);
    });

    test('takes a prefix that is a folder, and no other', async () => {
      const store = (await makePlace())();
      for (const prefix of ['targets', '/', '../', 'a//', './/', '.tmp/']) {
        expect([prefix, await failure(store.list(prefix))]).toMatchObject([prefix, { kind: 'config' }]);
      }
    });
  });

  const keys = promisesOf('keys', (test) => {
    test('may hold what file names and URLs may hold, and what they must escape', async () => {
      const store = (await makePlace())();
      const keys = [...oddKeys].sort(compareKeys);
      for (const key of keys) await store.put(key, bytes(key), { condition: 'create' });
      expect((await store.list('')).map(({ key }) => key)).toEqual(keys);
      for (const key of keys) expect(await text(store, key)).toBe(key);
      for (const key of keys) await store.delete(key);
      expect(await store.list('')).toEqual([]);
    });

    for (const key of hostileKeys)
      test(`refuses ${JSON.stringify(key)} everywhere`, async () => {
        const store = (await makePlace())();
        const refusals = [
          await failure(store.get(key)),
          await failure(store.head(key)),
          await failure(store.put(key, bytes('x'), { condition: 'any' })),
          await failure(store.delete(key)),
        ];
        expect(refusals.map(({ kind }) => kind)).toEqual(['config', 'config', 'config', 'config']);
        expect(await store.list('')).toEqual([]);
      });

    for (let seed = 1; seed <= 8; seed++)
      test(`any sequence of writes and deletes leaves what a map would hold, number ${seed}`, async () => {
        const store = (await makePlace())();
        const model = new Map<string, Uint8Array>();
        const draw = drawsFrom(seed);
        for (let step = draw(12); step > 0; step--) {
          const key = ['a', 'b/c', 'b/d', 'e/f/g'][draw(4)] ?? 'a';
          if (draw(3) === 0) {
            await store.delete(key);
            model.delete(key);
          } else {
            const body = Uint8Array.from({ length: draw(20) }, () => draw(256));
            await store.put(key, body, { condition: model.has(key) ? 'any' : 'create' });
            model.set(key, Uint8Array.from(body));
          }
        }
        const listed = await store.list('');
        expect(listed.map((object) => [object.key, object.size])).toEqual(
          [...model]
            .map(([name, body]) => [name, body.length] as const)
            .sort(([a], [b]) => compareKeys(a, b)),
        );
        for (const [name, body] of model)
          expect(await store.get(name)).toEqual({ body, etag: (await store.head(name))?.etag });
      });
  });
  return [...listing, ...keys];
}

/** Whole numbers below a limit, the same for the same seed: a linear congruence, whose upper bits are drawn. */
function drawsFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const hostileKeys = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/..',
  'a/../b',
  'a/./b',
  'a\0b',
  'line\nbreak',
  'del\x7f',
  '\ud800',
  '.tmp/a',
  '.lock',
  'a'.repeat(1025),
];

const oddKeys = [
  'a%2Fb/c.json',
  'a b/+plus+',
  'ü/ñ',
  '😀',
  '\uffee after surrogates in UTF-16 and before them in UTF-8',
  'quote"\'`<&>/$HOME',
  'back\\slash',
  'con',
  '__proto__/constructor',
  'tilde~/*?[x]{y}|',
  'a..b/...',
  'x'.repeat(200),
];
