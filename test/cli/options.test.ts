import { expect, test } from '@jest/globals';
import { readSize } from '../../lib/cli/options.ts';

test.each([
  ['256MiB', 2 ** 28],
  ['1B', 1],
  ['2kB', 2000],
  ['3MB', 3_000_000],
  ['1GiB', 2 ** 30],
])('a size of %s has %d bytes', (text, bytes) => {
  expect(readSize('max-object-size', text)).toBe(bytes);
});

test.each(['', '256', '0MiB', '-1B', '1.5GB', '1 MiB', '1mib', '1TB', '9999999999999B', '999999999999GiB'])(
  '%j is no size',
  (text) => {
    expect(() => readSize('max-object-size', text)).toThrow(
      `--max-object-size is a size with its unit, as in 256MiB, not "${text}"`,
    );
  },
);
