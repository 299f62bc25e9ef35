import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { anyMap, listField, mapField, textField } from '../../lib/http/json.ts';

describe('what Go writes as null, or not at all, is empty', () => {
  const body = z.object({ text: textField, list: listField(z.int()), map: mapField(textField) });

  test.each([{}, { text: null, list: null, map: null }, { text: '', list: [], map: {} }])('%j', (value) => {
    expect(body.parse(value)).toEqual({ text: '', list: [], map: new Map() });
  });

  test('what is there stays', () => {
    expect(body.parse({ text: 'a', list: [1], map: { b: 'c', d: null } })).toEqual({
      text: 'a',
      list: [1],
      map: new Map([
        ['b', 'c'],
        ['d', ''],
      ]),
    });
  });

  test.each([
    [{ text: 1 }, 'text'],
    [{ list: {} }, 'list'],
    [{ list: [1, 'two'] }, 'list.1'],
    [{ map: ['a'] }, 'map'],
    [{ map: { a: 1 } }, 'map.a'],
  ])('%j is refused', (value, path) => {
    expect(body.safeParse(value).error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });
});

test('any key is a key of a map', () => {
  const map = anyMap(z.string()).parse(JSON.parse('{"__proto__": "a", "constructor": "b", "": "c"}'));
  expect([...map]).toEqual([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['', 'c'],
  ]);
});
