import { describe, expect, test } from '@jest/globals';
import { editDistance, nearest } from '../../lib/config/problem.ts';

describe('suggestions for mistyped keys', () => {
  test.each([
    ['', '', 0],
    ['server', 'server', 0],
    ['servr', 'server', 1],
    ['sevrer', 'server', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
  ])('%j and %j are %d edits apart, both ways', (from, to, distance) => {
    expect([editDistance(from, to), editDistance(to, from)]).toEqual([distance, distance]);
  });

  test.each([
    ['servr', 'server'],
    ['refresh_intervall', 'refresh_interval'],
    ['consul_sd_config', 'consul_sd_configs'],
    ['x', undefined],
    ['something_else', undefined],
    ['rol', 'role'],
    ['a'.repeat(100_000), undefined],
  ])('for %.20s it is %j', (word, expected) => {
    expect(nearest(word, ['server', 'refresh_interval', 'consul_sd_configs', 'role'])).toBe(expected);
  });

  test('of several the nearest is named, and the first of equals', () => {
    expect([nearest('tokens', ['taken', 'token']), nearest('tiken', ['token', 'taken'])]).toEqual([
      'token',
      'token',
    ]);
  });
});
