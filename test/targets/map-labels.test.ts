import { expect, test } from '@jest/globals';
import { mapLabels } from '../../lib/targets/group.ts';

test('each key is a label; of keys that become one name the last in order wins, however they come', () => {
  const pairs = [
    ['a.b', 'dot'],
    ['a_b', 'underscore'],
    ['größe', 'ü'],
    ['__proto__', 'x'],
    ['', 'none'],
    ['e', ''],
  ] as const;
  const labels = {
    p_a_b: 'underscore',
    p_gr__e: 'ü',
    p___proto__: 'x',
    p_: 'none',
    p_e: '',
  };
  expect(mapLabels('p_', new Map(pairs))).toEqual(labels);
  expect(mapLabels('p_', new Map(pairs.toReversed()))).toEqual(labels);
});
