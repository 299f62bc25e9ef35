import { describe, expect, test } from '@jest/globals';
import { approximateQuantity, quantityValue, wholeQuantity } from '../../lib/kube-state/quantity.ts';
import { fnv64a, jumpHash, keepShard } from '../../lib/kube-state/render.ts';
import { allowKeys, parseLabelList, toPrometheusLabels } from '../../lib/kube-state/text/label-names.ts';
import {
  escapeHelp,
  formatNumber,
  openText,
  putLabelValue,
  putLineEnd,
  putString,
} from '../../lib/kube-state/text/text-bytes.ts';

describe('numbers', () => {
  test.each([
    [0, '0'],
    [-1, '-1'],
    [123456, '123456'],
    [999_999, '999999'],
    [1_000_000, '1e+06'],
    [1_795_240_027, '1.795240027e+09'],
    [-62_135_596_800, '-6.21355968e+10'],
    [0.1, '0.1'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1234567.5, '1.2345675e+06'],
    [2 ** 63, '9.223372036854776e+18'],
    [1e100, '1e+100'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%p is written as Go writes it', (value, text) => {
    expect(formatNumber(value)).toBe(text);
    expect(lineEnd(value)).toBe(`} ${text}\n`);
  });
});

test('whole numbers of any length are written as formatNumber returns them', () => {
  const numbers = [9, 10, 99, 100, 4096, 1_200_000, 12_345_678, 2 ** 31, 2 ** 53 - 1, 9e15, 1e10, 1_000_001];
  expect(numbers.map(lineEnd)).toEqual(numbers.map((value) => `} ${formatNumber(value)}\n`));
});

/** The end of a line as it stands in a text. */
function lineEnd(value: number): string {
  const text = openText();
  putLineEnd(text, value);
  return text.bytes.toString('utf8', 0, text.length);
}

describe('quantities', () => {
  test.each([
    ['100m', 0.1, 1],
    ['1500m', 1.5, 2],
    ['2', 2, 2],
    ['1Gi', 2 ** 30, 2 ** 30],
    ['1.5Ki', 1536, 1536],
    ['12e3', 12_000, 12_000],
    ['1E', 1e18, 1e18],
    ['100n', 0.001, 1],
    ['-1500m', -1.5, -2],
    ['.5', 0.5, 1],
    ['0.1n', 0.001, 1],
    ['-1.0001Ki', -1024.101, -1023],
    ['007', 7, 7],
    ['1.', 1, 1],
    ['9E', 9e18, 9e18],
    // What 64 bits cannot hold comes out as Go's arithmetic leaves it: nothing, the highest number, or what is left.
    ['9.5E', 0, 0],
    ['1e30', 0, 0],
    ['16Ei', 2 ** 63, 2 ** 63],
    ['20000000000000000000', 1.5532559262904484e18, 1.5532559262904484e18],
    ['', 0, 0],
    ['12 bananas', 0, 0],
  ])('%p is %p, and %p as a whole number', (text, exact, whole) => {
    expect([quantityValue(text), wholeQuantity(text)]).toEqual([exact, whole]);
  });

  test.each([
    ['50m', 0.05],
    ['3', 3],
    ['570m', 0.5700000000000001],
    ['100n', 1.0000000000000001e-7],
    ['1.5Ki', 1536],
    ['x', undefined],
  ])('%p is %p as an approximation, rounding and all', (text, approximation) => {
    expect(approximateQuantity(text)).toBe(approximation);
  });
});

describe('labels', () => {
  test('have names in snake case behind a prefix', () => {
    expect(toPrometheusLabels('label', ['app.kubernetes.io/partOf', 'a', 'Team', 'b'])).toEqual({
      names: ['label_team', 'label_app_kubernetes_io_part_of'],
      values: ['b', 'a'],
    });
  });

  test('that come to one name get a suffix each, which no other label has', () => {
    const map = ['a-b', '1', 'a.b', '2', 'a_b', '3', 'a_b_conflict1', '4', 'b', '5'];
    expect(toPrometheusLabels('label', map)).toEqual({
      names: [
        'label_a_b_conflict1_conflict1',
        'label_a_b_conflict2',
        'label_a_b_conflict3',
        'label_a_b_conflict1_conflict2',
        'label_b',
      ],
      values: ['1', '2', '3', '4', '5'],
    });
  });

  test('are escaped as the format asks', () => {
    expect(labelText('a "b" \\ c\nd')).toBe('a \\"b\\" \\\\ c\\nd');
    expect(labelText('größe "ü" 😀')).toBe('größe \\"ü\\" 😀');
    expect(escapeHelp('a "b" \\ c\nd')).toBe('a "b" \\\\ c\\nd');
  });
});

test('a text keeps what was written while its memory grows', () => {
  const text = openText();
  const words = Array.from({ length: 3000 }, (_, index) => (index % 7 === 0 ? `é${index}` : `e${index}`));
  for (const word of words) putString(text, word);
  expect(text.bytes.toString('utf8', 0, text.length)).toBe(words.join(''));
});

/** A label value as it stands in a text. */
function labelText(value: string): string {
  const text = openText();
  putLabelValue(text, value);
  return text.bytes.toString('utf8', 0, text.length);
}

describe('allow lists', () => {
  const map = ['app', '1', 'team/name', '2', 'team/size', '3', 'teams', '4'];

  test.each([
    [['*'], map],
    [['app'], ['app', '1']],
    [['team/*'], ['team/name', '2', 'team/size', '3']],
    [
      ['*s', 'app'],
      ['app', '1', 'teams', '4'],
    ],
    [
      ['app', '*'],
      ['app', '1'],
    ],
    [['a.p'], []],
  ])('%j lets through what it names', (keys, through) => {
    expect(allowKeys(keys)(map)).toEqual(through);
  });

  test.each([
    ['pods=[app,team/*]', { pods: ['app', 'team/*'] }],
    ['pods=[*], nodes=[ a , b ]', { pods: ['*'], nodes: ['a', 'b'] }],
    ['pods=[]', { pods: [] }],
    ['*=[*]', { '*': ['*'] }],
    ['pods', undefined],
    ['pods=app', undefined],
    ['pods=[a,]', undefined],
    ['pods=[a],', undefined],
    ['pods=[a*b*c]', undefined],
    ['', undefined],
  ])('%j is read as its flag is', (text, lists) => {
    expect(parseLabelList(text)).toEqual(lists);
  });
});

describe('shards', () => {
  test('are chosen by FNV-1a and jump hash', () => {
    expect(fnv64a('')).toBe(0xcbf29ce484222325n);
    expect(fnv64a('foobar')).toBe(0x85944171f73967e8n);
    const known = [
      [1n, 1, 0],
      [42n, 57, 43],
      [0xdead10ccn, 666, 361],
      [256n, 1024, 520],
    ] as const;
    expect(known.map(([key, buckets]) => jumpHash(key, buckets))).toEqual(
      known.map(([, , bucket]) => bucket),
    );
  });

  test('hold every object once, and move few when one more comes', () => {
    const uids = Array.from({ length: 2000 }, (_, index) => `uid-${index}`);
    const shardOf = (uid: string, total: number) => {
      const shards = [...Array(total).keys()].filter((shard) => keepShard(shard, total)?.(uid) ?? true);
      expect(shards).toHaveLength(1);
      return shards[0];
    };
    const moved = uids.filter((uid) => shardOf(uid, 3) !== shardOf(uid, 4));
    expect(moved.every((uid) => shardOf(uid, 4) === 3)).toBe(true);
    expect(moved.length).toBeGreaterThan(300);
  });

  test('are not asked for where there is one', () => {
    expect(keepShard(0, 1)).toBeUndefined();
  });
});
