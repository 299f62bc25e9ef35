import { describe, expect, test } from '@jest/globals';
import { isLabelName, joinHostPort, sanitizeLabelName } from '../../lib/targets/group.ts';

describe('label names', () => {
  test.each([
    ['foo.bar/baz-1', 'foo_bar_baz_1'],
    ['ünï', '_n_'],
    ['😀', '_'],
    ['', ''],
  ])('%j becomes %j, one underscore for each character', (name, sanitized) => {
    expect(sanitizeLabelName(name)).toBe(sanitized);
  });

  test('any well-formed text is a name, as in Prometheus 3, but the empty one', () => {
    expect(['a', '_1', 'a.b', '1a', '', '\ud800'].filter(isLabelName)).toEqual(['a', '_1', 'a.b', '1a']);
  });

  test('addresses are joined as Go joins them', () => {
    expect([joinHostPort('10.0.0.1', 80), joinHostPort('fd00::1', 80), joinHostPort('', 0)]).toEqual([
      '10.0.0.1:80',
      '[fd00::1]:80',
      ':0',
    ]);
  });
});
