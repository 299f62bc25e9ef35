import { describe, expect, test } from '@jest/globals';
import { encodeGroup } from '../../lib/targets/canonical.ts';
import { createPacker } from '../../lib/targets/pack.ts';

/** A group whose text has about a kilobyte, odd characters among them. */
const groupOf = (index: number) =>
  encodeGroup({
    source: `g${index}`,
    labels: { long: `ü😀${index}`.repeat(100), [`only_${index % 7}`]: '"\\' },
    targets: [{ __address__: `10.0.0.${index % 250}:80` }],
  });

describe('a packed listing', () => {
  test('gives every text back, in whatever order it is asked, also before it is finished', () => {
    const count = 30_000;
    const packer = createPacker();
    const packed = Array.from({ length: count }, (_, index) => packer.pack(groupOf(index)));
    const last = packed.at(-1);
    expect(last?.json).toBe(groupOf(count - 1).json);
    packer.finish();
    for (let step = 0; step < count; step += 7) {
      const index = (step * 7919) % count;
      const { json, digest, targets } = groupOf(index);
      const group = packed[index];
      expect([group?.json, group?.digest, group?.targets]).toEqual([json, digest, targets]);
    }
  });

  test('is a fraction of the text', () => {
    const count = 60_000;
    const packer = createPacker();
    const packed = Array.from({ length: count }, (_, index) => packer.pack(groupOf(index)));
    packer.finish();
    const plain = packed.filter((group) => group.pack === undefined);
    expect(plain.length).toBeLessThan(count / 2);
    expect(plain.length).toBeGreaterThan(0);
  });
});
