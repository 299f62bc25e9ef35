import { buffer } from 'node:stream/consumers';
import type { ObjectStore, OpenedObject, ReadOptions } from '../store.ts';
import { expect } from './expect.ts';
import { bytes, type ContractTest, failure, type MakePlace, promisesOf, whole } from './probe.ts';

/** What every driver promises of reading piece by piece. */
export function streamingPromises(makePlace: MakePlace): readonly ContractTest[] {
  return promisesOf('reading piece by piece', (test) => {
    test('gives what was written, and the etag that writing returned', async () => {
      const store = (await makePlace())();
      const body = Buffer.concat([whole(7), whole(200), whole(90)]);
      const { etag } = await store.put('a', body, { condition: 'create' });
      const found = await opened(store, 'a');
      expect([found.etag, (await buffer(found.chunks)).equals(body)]).toEqual([etag, true]);
    });

    test('tells a missing object from an empty one', async () => {
      const store = (await makePlace())();
      await store.put('empty', new Uint8Array(), { condition: 'any' });
      expect(await store.open('none')).toBe(undefined);
      expect(await buffer((await opened(store, 'empty')).chunks)).toHaveLength(0);
    });

    test('answers "unchanged" only to the etag that the object has', async () => {
      const store = (await makePlace())();
      const first = await store.put('a', bytes('one'), { condition: 'any' });
      expect(await store.openIfChanged('a', first.etag)).toBe('unchanged');
      await store.put('a', bytes('two'), { condition: 'any' });
      const second = await store.openIfChanged('a', first.etag);
      if (second === undefined || second === 'unchanged') throw new Error(`a is ${second}`);
      expect(`${await buffer(second.chunks)}`).toBe('two');
    });

    test('refuses an object over the limit, and gives one at the limit', async () => {
      const store = (await makePlace())();
      await store.put('a', bytes('12345'), { condition: 'any' });
      const read = async (maxBytes: number) => buffer((await opened(store, 'a', { maxBytes })).chunks);
      expect(await failure(read(4))).toMatchObject({ kind: 'too-large' });
      expect(await read(5)).toHaveLength(5);
    });

    test('goes on with the object that was opened when another one takes its place', async () => {
      const store = (await makePlace())();
      const body = whole(250);
      await store.put('a', body, { condition: 'any' });
      const { chunks } = await opened(store, 'a');
      await store.put('a', bytes('new'), { condition: 'any' });
      expect((await buffer(chunks)).equals(body)).toBe(true);
    });

    test('ends with its signal, and when nobody wants more', async () => {
      const store = (await makePlace())();
      await store.put('a', whole(250), { condition: 'any' });
      expect(await failure(store.open('a', { signal: AbortSignal.abort() }))).toMatchObject({
        kind: 'timeout',
      });
      const { chunks } = await opened(store, 'a');
      for await (const chunk of chunks) {
        expect(chunk[0]).toBe(250);
        break;
      }
    });
  });
}

async function opened(store: ObjectStore, key: string, options: ReadOptions = {}): Promise<OpenedObject> {
  const found = await store.open(key, options);
  if (found === undefined) throw new Error(`${key} is ${found}`);
  return found;
}
