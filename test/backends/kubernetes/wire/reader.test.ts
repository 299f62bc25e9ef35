import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Malformed,
  openReader,
  readInt32,
  readVarint,
  skipField,
} from '../../../../lib/backends/kubernetes/wire/reader.ts';
import { varint } from '../encode.ts';

test('numbers up to 2^53 are read exactly, and nothing behind them is', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ maxLength: 3 }), (value, rest) => {
      const reader = openReader(Buffer.concat([varint(value), rest]));
      expect([readVarint(reader, reader.bytes.length), reader.at]).toEqual([value, varint(value).length]);
    }),
  );
});

test('numbers of 32 bits keep their sign', () => {
  fc.assert(
    fc.property(fc.integer(), (value) => {
      const bytes = varint(value);
      expect(readInt32(openReader(bytes), bytes.length)).toBe(value);
    }),
  );
});

test.each([2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 2n ** 31n - 4096n])(
  '%d is no number of 32 bits',
  (value) => {
    const bytes = varint(value);
    expect(() => readInt32(openReader(bytes), bytes.length)).toThrow(
      new Malformed('is not a number of 32 bits'),
    );
  },
);

test('whatever is left out ends where the bytes end, at the latest', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(7), (bytes, wireType) => {
      const reader = openReader(bytes);
      try {
        skipField(reader, wireType, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
      expect(reader.at).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
