import { expect, test } from '@jest/globals';
import { storeContract } from '../../lib/store/contract/contract.ts';
import { bytes, failure, type MakePlace } from '../../lib/store/contract/probe.ts';

/** A test for each promise of every driver (see lib/store/store.ts), and for the words that ours have in common. */
export function describeContract(makePlace: MakePlace): void {
  for (const { name, run } of storeContract(makePlace)) test(name, run);

  test('says in one line what was refused', async () => {
    await using store = (await makePlace())();
    const first = await store.put('a', bytes('12345'), { condition: 'create' });
    await store.put('a', bytes('54321'), { condition: first });
    const refused = [
      store.put('a', bytes('3'), { condition: 'create' }),
      store.put('a', bytes('3'), { condition: first }),
      store.delete('a', first),
      store.get('a', { maxBytes: 4 }),
    ];
    const messages = (await Promise.all(refused.map(failure))).map(({ kind, message }) => [kind, message]);
    expect(messages).toEqual([
      ['conflict', `${store.url}: a exists already, so it was not created`],
      ['conflict', `${store.url}: a is no longer what it was when it was read, so it was not written`],
      ['conflict', `${store.url}: a is no longer what it was when it was read, so it was not removed`],
      ['too-large', `${store.url}: a is larger than the limit of 4 bytes`],
    ]);
  });
}
