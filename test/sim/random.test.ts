import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../lib/sim/random.ts';

const draws = (seed: number | string) => Array.from({ length: 5 }, seededRandom(seed).next);

describe('seeded chance', () => {
  test('the same seed gives the same draws, on any machine and in any release', () => {
    const random = seededRandom('demo');
    expect(Array.from({ length: 8 }, () => random.integer(0, 99))).toEqual([83, 13, 5, 42, 21, 85, 4, 98]);
    expect(draws(1)).toEqual(draws('1'));
    expect(draws(1)).not.toEqual(draws(2));
  });

  test('every draw is within its bounds', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -1000, max: 1000 }), fc.nat(1000), (seed, min, width) => {
        const random = seededRandom(seed);
        const drawn = random.integer(min, min + width);
        expect(Number.isInteger(drawn) && drawn >= min && drawn <= min + width).toBe(true);
        const share = random.next();
        expect(share >= 0 && share < 1).toBe(true);
      }),
    );
  });

  test('whole numbers are spread evenly', () => {
    const random = seededRandom('dice');
    const counts = [0, 0, 0, 0, 0, 0];
    for (let roll = 0; roll < 6000; roll += 1) {
      const server = random.integer(0, 5);
      counts[server] = (counts[server] ?? 0) + 1;
    }
    expect(counts.every((count) => count > 880 && count < 1120)).toBe(true);
  });

  test('a sample has different items, and as many as there are', () => {
    const random = seededRandom(7);
    expect(random.sample(['a', 'b', 'c'], 5).sort()).toEqual(['a', 'b', 'c']);
    expect(new Set(random.sample([1, 2, 3, 4, 5, 6], 4)).size).toBe(4);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  test('draws for one subject leave those for another alone', () => {
    const whole = seededRandom(3);
    whole.fork('a').next();
    expect(whole.fork('b').next()).toBe(seededRandom(3).fork('b').next());
  });
});
