import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { relabelConfigs } from '../../lib/config/relabel.ts';
import { disk } from '../../lib/sidecar/mirror/files.ts';
import { openFolder } from '../../lib/sidecar/mirror/folder.ts';
import { filterShard, parseShard, type Shard } from '../../lib/sidecar/mirror/shard.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import { relabel } from '../../lib/targets/relabel.ts';
import { fileOf, fill, listOf } from '../support/bucket.ts';
import { watchStore } from './counting-store.ts';
import { changed, cleanUpAfterEach, makeFolder, round, summary, visibleFiles } from './world.ts';

cleanUpAfterEach();

const addresses = Array.from({ length: 40 }, (_, index) => `10.0.0.${index}:9100`);

/** What a Prometheus with these rules would scrape of the addresses. */
function byRules(list: readonly string[], { index, count }: Shard): readonly string[] {
  const rules = relabelConfigs.parse([
    { source_labels: ['__address__'], action: 'hashmod', modulus: count, target_label: '__tmp_hash' },
    { source_labels: ['__tmp_hash'], action: 'keep', regex: `${index}` },
  ]);
  return list.filter((address) => relabel({ __address__: address }, rules) !== undefined);
}

/** What the filter leaves of a file that comes in pieces of the size, and how many targets. */
function sharded(bytes: Uint8Array, shard: Shard, size: number) {
  const filter = filterShard(shard);
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(filter.push(bytes.subarray(at, at + size)));
  const { rest, targets } = filter.end();
  return { text: Buffer.concat([...out, rest]).toString(), targets };
}

describe('--shard', () => {
  test('reads i/n, and nothing else', () => {
    expect(parseShard('1/2')).toEqual({ index: 1, count: 2 });
    for (const text of ['2/2', '1', '-1/2', '1/2/3', '', '0/0', 'a/b', '1 / 2'])
      expect(() => parseShard(text)).toThrow(/is not a shard: write 0\/2 and 1\/2 for the two of a pair$/);
  });

  test('leaves the targets that hashmod on __address__ and keep would leave, with their labels', () => {
    const anAddress = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.uniqueArray(anAddress), fc.integer({ min: 1, max: 9 }), fc.nat(8), (list, count, at) => {
        const shard = { index: at % count, count };
        const body = Buffer.from(JSON.stringify([{ targets: list, labels: { zone: 'a' } }]));
        const kept = byRules(list, shard);
        expect(decodeFileSd(Buffer.from(sharded(body, shard, body.length).text))).toEqual(
          kept.length === 0 ? [] : [{ targets: kept, labels: { zone: 'a' } }],
        );
      }),
    );
  });

  test('a changed shard rewrites the files without a deletion, an unchanged one fetches nothing', async () => {
    const memory = createMemoryStore();
    const path = await makeFolder();
    await fill(
      memory,
      fileOf('api/consul-0', 7, addresses),
      listOf('b/consul-0', 3, [
        { since: 1, list: ['x:1'] },
        { since: 2, list: ['y:1'] },
      ]),
    );
    const mirror = async (shard?: Shard) => {
      const { store, reads } = watchStore(memory);
      const folder = await openFolder(path, disk, shard);
      const done = summary(await round(store, folder));
      folder.close();
      const seen = decodeFileSd(Buffer.from((await visibleFiles(path))['api/consul-0.json'] ?? ''));
      expect(Buffer.from((await visibleFiles(path))['api/consul-0.json'] ?? '').includes('/7"')).toBe(true);
      return { done, reads: reads.length, seen: seen.flatMap((group) => group.targets) };
    };
    const first = { index: 0, count: 3 };
    const second = { index: 1, count: 3 };
    const all = { done: changed('written api/consul-0.json', 'written b/consul-0.json'), reads: 4 };
    const of = (shard: Shard) => byRules(addresses, shard);
    expect(await mirror(first)).toEqual({ ...all, seen: of(first) });
    expect(await mirror(first)).toEqual({ done: changed(), reads: 0, seen: of(first) });
    expect((await mirror(second)).seen).toEqual(of(second));
    expect(await mirror(second)).toEqual({ done: changed(), reads: 0, seen: of(second) });
    expect((await mirror()).seen).toEqual(addresses);
  });
});

describe('the filter of a shard', () => {
  const shard = { index: 1, count: 3 };
  const kept = byRules(addresses, shard);
  const pieces = (bytes: Uint8Array, size: number) => sharded(bytes, shard, size);

  test('gives the same whatever the pieces are, and one group a line without those that are empty', () => {
    const lines = addresses.map((address) =>
      JSON.stringify({ targets: [address], labels: { at: `${address}é` } }),
    );
    const file = Buffer.from(`[\n${lines.join(',\n')}\n]\n`);
    const wanted = lines.filter((_, index) => kept.includes(addresses[index] ?? ''));
    for (const size of [1, 2, 7, 100, file.length])
      expect(pieces(file, size)).toEqual({ text: `[\n${wanted.join(',\n')}\n]\n`, targets: kept.length });
  });

  test('reads addresses as they are meant, in any order of keys and any layout', () => {
    const groups = [
      { labels: { a: 'b' }, targets: addresses },
      {},
      { labels: null },
      { targets: ['é"\\:1'] },
    ];
    const file = Buffer.from(JSON.stringify(groups, undefined, 1).replace('10.0.0.1:', '10.0.0.\\u0031:'));
    const all = byRules([...addresses, 'é"\\:1'], shard);
    for (const size of [1, 50, file.length]) {
      const { text, targets } = pieces(file, size);
      expect(targets).toBe(all.length);
      expect(decodeFileSd(Buffer.from(text)).flatMap((group) => group.targets)).toEqual(all);
    }
  });
});
