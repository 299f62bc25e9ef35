import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import {
  anyValue,
  bool,
  duration,
  int,
  list,
  mapOf,
  nonEmptyText,
  number,
  oneOf,
  stringList,
  stringMap,
  text,
  unlessEmpty,
  url,
} from '../../lib/config/fields.ts';
import { tree } from './parsing.ts';

function outcome(schema: z.ZodType, source: string | undefined): unknown {
  const parsed = schema.safeParse(source === undefined ? undefined : tree(source));
  return parsed.success ? parsed.data : parsed.error.issues.map(({ path, message }) => [...path, message]);
}

const aDuration = 'must be a duration such as 30s, 5m or 1h30m';

describe('fields read YAML as Prometheus does', () => {
  test.each<[string, z.ZodType, string | undefined, unknown]>([
    ['text keeps leading zeros', text(), '0123', '0123'],
    ['text keeps trailing zeros', text(), '1.10', '1.10'],
    ['text keeps booleans', text(), 'True', 'True'],
    ['text takes quotes off', text(), '"0123"', '0123'],
    ['text may be empty', text(), '""', ''],
    ['text has its default', text('x'), undefined, 'x'],
    ['text is required without one', text(), undefined, [['is required']]],
    ['text is no list', text(), '[a]', [['must be text']]],
    ['text is no mapping', text(), '{a: b}', [['must be text']]],
    ['text is not nothing', text(), '', [['is empty, must be text']]],
    ['text is well-formed', text(), '"\\uD800"', [['must be text']]],
    ['text that must not be empty', nonEmptyText(), '" "', [['must be text that is not empty']]],
    ['text that is not empty', nonEmptyText(), '" a"', ' a'],
    ['optional text', text().optional(), undefined, undefined],
    ['one of some words', oneOf(['http', 'https']), 'https', 'https'],
    ['one of some words, by default', oneOf(['http', 'https'], 'http'), undefined, 'http'],
    ['none of the words', oneOf(['http', 'https', 'ws']), 'x', [['must be http, https or ws']]],
    ...['y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map(
      (word): [string, z.ZodType, string, unknown] => [`${word} is true`, bool(), word, true],
    ),
    ...['n', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map(
      (word): [string, z.ZodType, string, unknown] => [`${word} is false`, bool(), word, false],
    ),
    ['a default of false', bool(false), undefined, false],
    ['1 is no boolean', bool(), '1', [['must be true or false']]],
    ['a whole number', int(), '-12', -12],
    ['a whole number with its default', int({}, 3), undefined, 3],
    ['an ambiguous octal', int(), '0100', [['must be a whole number']]],
    ['a fraction', int(), '1.5', [['must be a whole number']]],
    ['too small', int({ min: 1 }), '0', [['must be a whole number, 1 at least']]],
    ['too big', int({ max: 9 }), '10', [['must be a whole number, 9 at most']]],
    ['out of range', int({ min: 1, max: 9 }), 'ten', [['must be a whole number from 1 to 9']]],
    ['a number', number({ min: 0, max: 1 }), '.5', 0.5],
    ['no number', number(), '.nan', [['must be a number']]],
    ['a number too big', number({ min: 0, max: 1 }), '1e1', [['must be a number from 0 to 1']]],
    ['a duration', duration(), '1h30m', 5_400_000],
    ['a duration by default', duration('30s'), undefined, 30_000],
    ['a duration of nothing', duration('30s'), '0', [[`${aDuration}, longer than 0`]]],
    ['a duration of nothing, where allowed', duration('30s', { zero: true }), '0', 0],
    ['a duration without unit', duration('30s', { zero: true }), '30', [[aDuration]]],
    ['a list of texts', stringList(), '[a, 01]', ['a', '01']],
    ['an absent list', stringList(), undefined, []],
    ['a text instead of a list', stringList(), 'a', [['must be a list']]],
    ['an empty entry', stringList(), '[a, ~]', [[1, 'is empty, must be text']]],
    ['a list of numbers', list(int()), '[1, x]', [[1, 'must be a whole number']]],
    ['a mapping of texts', stringMap(), '{a: 01, b: , c: no}', { a: '01', b: '', c: 'no' }],
    ['an absent mapping', stringMap(), undefined, {}],
    ['a list instead of a mapping', stringMap(), '[a]', [['must be a mapping']]],
    ['a number instead of a mapping', mapOf(text()), '1', [['must be a mapping']]],
    ['any value', anyValue(), '{a: [1, "1", true, ~, 0x1F]}', { a: [1, '1', true, null, 31] }],
    ['an empty text that counts as absent', unlessEmpty(int()), '""', undefined],
    ['not an empty text', unlessEmpty(int()), '1', 1],
  ])('%s', (_, schema, source, expected) => {
    expect(outcome(schema, source)).toEqual(expected);
  });

  test('URLs are http or https and hold no credentials', () => {
    const sources = ['https://a/b?c', 'ftp://a', 'a:80', '/a', 'http://u:p@a', 'http://u@a'];
    const refused = [['must be an http:// or https:// URL without credentials']];
    expect(sources.map((source) => outcome(url(), source))).toEqual([
      new URL('https://a/b?c'),
      ...Array.from({ length: 5 }, () => refused),
    ]);
  });

  test('plain JavaScript values are as good as YAML', () => {
    expect([text().parse(5), bool().parse(false), int().parse(7), duration().parse('1s')]).toEqual([
      '5',
      false,
      7,
      1000,
    ]);
  });
});
