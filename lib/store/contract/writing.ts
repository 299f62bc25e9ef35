import { expect, startingWith } from './expect.ts';
import {
  bytes,
  type ContractTest,
  failure,
  isWhole,
  type MakePlace,
  outcome,
  promisesOf,
  text,
  whole,
} from './probe.ts';

/** The part of the contract that is about writes, their conditions, and writers that meet. */
export function writingPromises(makePlace: MakePlace): readonly ContractTest[] {
  return promisesOf('writing', (test) => {
    test('creates once', async () => {
      const store = (await makePlace())();
      await store.put('a', bytes('first'), { condition: 'create' });
      expect(await failure(store.put('a', bytes('second'), { condition: 'create' }))).toMatchObject({
        kind: 'conflict',
        message: startingWith(`${store.url}: a `),
      });
      expect(await text(store, 'a')).toBe('first');
    });

    test('replaces exactly the write that was read, and no other', async () => {
      const store = (await makePlace())();
      const first = await store.put('a', bytes('1'), { condition: 'create' });
      const second = await store.put('a', bytes('2'), { condition: first });
      expect(second.etag).toDifferFrom(first.etag);
      expect(await failure(store.put('a', bytes('3'), { condition: first }))).toMatchObject({
        kind: 'conflict',
        message: startingWith(`${store.url}: a `),
      });
      expect(await store.get('a')).toEqual({ body: bytes('2'), ...second });
    });

    for (const pieces of [0, 3, 20])
      test(`writes a body of ${pieces} streamed pieces as it writes a whole one`, async () => {
        const store = (await makePlace())();
        const chunk = Buffer.alloc(1 << 20, 'x');
        const body = {
          *chunks() {
            for (let piece = 0; piece < pieces; piece++) yield chunk;
          },
        };
        const { etag } = await store.put('a', body, { condition: 'create' });
        const found = await store.get('a');
        const whole = found === undefined ? undefined : Buffer.from(found.body);
        expect(whole?.equals(Buffer.concat([...body.chunks()]))).toBe(true);
        expect(found).toMatchObject({ etag });
        expect(await failure(store.put('a', body, { condition: 'create' }))).toMatchObject({
          kind: 'conflict',
        });
      });

    test('does not bring back an object that was deleted meanwhile', async () => {
      const store = (await makePlace())();
      const first = await store.put('folder/a', bytes('1'), { condition: 'create' });
      await store.delete('folder/a');
      expect(await failure(store.put('folder/a', bytes('2'), { condition: first }))).toMatchObject({
        kind: 'conflict',
      });
      expect(await store.list('')).toEqual([]);
    });

    test('removes exactly the write that was read, and no other', async () => {
      const store = (await makePlace())();
      const first = await store.put('folder/a', bytes('1'), { condition: 'create' });
      const second = await store.put('folder/a', bytes('2'), { condition: first });
      expect(await failure(store.delete('folder/a', first))).toMatchObject({
        kind: 'conflict',
        message: startingWith(`${store.url}: folder/a `),
      });
      expect(await store.get('folder/a')).toEqual({ body: bytes('2'), ...second });
      await store.delete('folder/a', second);
      await store.delete('folder/a', second);
      expect(await store.list('')).toEqual([]);
    });

    test('changes the etag with each of many quick writes of one size', async () => {
      const store = (await makePlace())();
      const etags: string[] = [];
      for (let round = 0; round < 50; round++) {
        etags.push((await store.put('a', bytes(String(round % 10) + round), { condition: 'any' })).etag);
      }
      expect(new Set(etags).size).toBe(50);
    });

    test('lets exactly one of many create', async () => {
      const open = await makePlace();
      const stores = Array.from({ length: 20 }, open);
      const outcomes = await Promise.all(
        stores.map((store, index) => outcome(store.put('a', bytes(`${index}`), { condition: 'create' }))),
      );
      const winner = outcomes.indexOf('done');
      expect(outcomes.toSorted()).toEqual([...outcomes.slice(1).map(() => 'conflict'), 'done']);
      expect(await text(open(), 'a')).toBe(`${winner}`);
    });

    test('lets exactly one of many write over each version', async () => {
      const open = await makePlace();
      const stores = Array.from({ length: 8 }, open);
      const store = open();
      let current = await store.put('a', bytes('start'), { condition: 'create' });
      for (let round = 0; round < 5; round++) {
        const outcomes = await Promise.all(
          stores.map((writer, index) =>
            outcome(writer.put('a', bytes(`${round}-${index}`), { condition: current })),
          ),
        );
        expect(outcomes.toSorted()).toEqual([...outcomes.slice(1).map(() => 'conflict'), 'done']);
        expect(await text(store, 'a')).toBe(`${round}-${outcomes.indexOf('done')}`);
        const head = await store.head('a');
        if (!head) throw new Error('a is gone');
        current = head;
      }
    });

    test('never shows a reader a part of a write', async () => {
      const open = await makePlace();
      const reader = open();
      const writers = Array.from({ length: 4 }, open);
      await reader.put('a', whole(0), { condition: 'any' });
      let writing = true;
      const written = Promise.all(
        writers.map(async (writer, index) => {
          for (let round = 1; round <= 5; round++) {
            await writer.put('a', whole(index * 5 + round), { condition: 'any' });
          }
        }),
      ).finally(() => {
        writing = false;
      });
      const torn: number[] = [];
      while (writing) {
        const found = await reader.get('a');
        if (found === undefined || !isWhole(found.body)) torn.push(1);
      }
      await written;
      expect(torn).toEqual([]);
    });

    test('keeps all of many writes to different keys', async () => {
      const open = await makePlace();
      const stores = Array.from({ length: 4 }, open);
      await Promise.all(
        stores.flatMap((store, index) =>
          [0, 1, 2, 3, 4].map((n) =>
            store.put(`journal/${index}/${n}`, bytes(`${index}.${n}`), { condition: 'create' }),
          ),
        ),
      );
      expect((await open().list('journal/')).map(({ key }) => key)).toEqual(
        [0, 1, 2, 3].flatMap((index) => [0, 1, 2, 3, 4].map((n) => `journal/${index}/${n}`)),
      );
    });
  });
}
