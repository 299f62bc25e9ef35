import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toNumber } from '../../../lib/kube-state/custom/path.ts';

describe('a value of a gauge', () => {
  test.each<[unknown, number | undefined]>([
    [3, 3],
    [-0.5, -0.5],
    [true, 1],
    [false, 0],
    ['true', 1],
    ['YES', 1],
    ['False', 0],
    ['no', 0],
    ['Unknown', 0],
    ['2019-10-22T16:29:31Z', 1_571_761_771],
    ['2019-10-22T16:29:31.999Z', 1_571_761_771],
    ['2019-10-22T18:29:31+02:00', 1_571_761_771],
    ['2019-10-22T6:29:31-10:00', 1_571_761_771],
    ['0001-01-01T00:00:00Z', -62_135_596_800],
    ['2023-02-29T00:00:00Z', undefined],
    ['2023-02-28T24:00:00Z', undefined],
    ['2023-02-28', undefined],
    ['42', 42],
    ['250m', 0.25],
    ['100m', 0.1],
    ['262144k', 262_144_000],
    ['5Gi', 5_368_709_120],
    ['1.5Gi', 1_610_612_736],
    ['-3k', -3000],
    ['1e3', 1000],
    ['0.3', 0.30000000000000004],
    ['m', 0],
    ['-', 0],
    ['.', 0],
    ['9Ei', 2 ** 63],
    ['90%', 0.9],
    ['5.5%', undefined],
    ['NaN', Number.NaN],
    ['-Inf', -Infinity],
    ['infinity', Infinity],
    ['0x1.8p1', 3],
    ['1_000', 1000],
    ['-1_0.5_0e1_0', -10.5e10],
    ['0x_1p4', 16],
    ['1__0', undefined],
    ['_1', undefined],
    ['1_', undefined],
    ['1_.5', undefined],
    ['1_0e999', undefined],
    [9007199254740993n, 9007199254740992],
    ['0x18', undefined],
    ['12 apples', undefined],
    ['', undefined],
    [[1], undefined],
    [{ a: 1 }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j is %p', (value, number) => {
    expect(toNumber(value)).toEqual(number);
  });

  test('is zero where it is nothing, if nothing is to be zero', () => {
    expect([null, undefined, 'x', 2].map((value) => toNumber(value, true))).toEqual([0, 0, undefined, 2]);
  });

  test('is a number or none, whatever text it is', () => {
    const hostile = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.stringMatching(/^[-+0-9.eEinumkKMGTP%xpTZ:]{0,40}$/),
      fc.constantFrom(
        '0'.repeat(5000),
        `${'9'.repeat(5000)}e5000`,
        `0x${'0'.repeat(5000)}`,
        `.${'0'.repeat(5000)}1`,
      ),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(['number', 'undefined']).toContain(typeof toNumber(text));
      }),
    );
  });
});
