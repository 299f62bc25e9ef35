import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../lib/config/fields.ts';

describe('durations follow Prometheus', () => {
  test.each([
    ['0', 0],
    ['0w', 0],
    ['0s', 0],
    ['324ms', 324],
    ['3s', 3000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['4d', 345_600_000],
    ['4d1h', 349_200_000],
    ['14d', 1_209_600_000],
    ['3w', 1_814_400_000],
    ['3w2d1h', 1_990_800_000],
    ['10y', 315_360_000_000],
    ['1h30m', 5_400_000],
    ['0h5m', 300_000],
    ['007s', 7000],
    ['9223372036854ms', 9_223_372_036_854],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    '',
    '1',
    '-1m',
    '+1m',
    '1.5d',
    'd',
    '30m1h',
    '1m1d',
    '1m1m',
    '1m5',
    '1s ',
    ' 1s',
    '1 s',
    '1S',
    '1H',
    '1us',
    '1M',
    '00',
    '9223372036855ms',
    '294y',
    '200y10400w',
    '99999999999999999999999s',
    '１s',
    '1s\n',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0s'],
    [1, '1ms'],
    [5_400_000, '1h30m'],
    [7_776_000_000, '90d'],
    [604_800_000, '1w'],
    [691_200_000, '8d'],
    [31_536_000_000, '1y'],
    [31_536_000_001, '365d1ms'],
  ])('%d ms are written %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test('what is written can be read again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_223_372_036_854 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});
