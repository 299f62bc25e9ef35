import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type TargetChange, targetChanges } from '../../lib/targets/diff.ts';
import { anyGroup } from '../support/groups.ts';

const group = (...targets: Readonly<Record<string, string>>[]) => ({
  source: 's',
  labels: { zone: 'a' },
  targets,
});
const brief = (changes: Iterable<TargetChange>) =>
  [...changes].map(({ kind, address, count, differences }) => [kind, address, count, differences]);

describe('what became of the targets of a group', () => {
  test('is told by address: who came, who went, and whose labels changed, with all of these', () => {
    const before = group(
      { __address__: 'a:1', v: '1', gone: 'x' },
      { __address__: 'b:1' },
      { __address__: 'c:1' },
    );
    const after = group(
      { __address__: 'a:1', v: '2', zone: 'b' },
      { __address__: 'c:1' },
      { __address__: 'd:1' },
    );
    expect(brief(targetChanges(before, after))).toEqual([
      [
        'changed',
        'a:1',
        1,
        [
          { name: 'gone', before: 'x', after: undefined },
          { name: 'v', before: '1', after: '2' },
          { name: 'zone', before: 'a', after: 'b' },
        ],
      ],
      ['added', 'd:1', 1, []],
      ['removed', 'b:1', 1, []],
    ]);
  });

  test('matches several targets of one address, or of none, in their order', () => {
    const before = group({ __address__: 'a:1', v: '1' }, { __address__: 'a:1', v: '2' }, { v: '3' });
    const after = group({ __address__: 'a:1', v: '1' }, { v: '3' }, { v: '4' });
    expect(brief(targetChanges(before, after))).toEqual([
      ['added', undefined, 2, []],
      ['removed', 'a:1', 2, []],
    ]);
  });

  test('is nothing for equal groups, all for one that is new or gone', () => {
    fc.assert(
      fc.property(anyGroup, (one) => {
        expect([...targetChanges(one, one)]).toEqual([]);
        expect([...targetChanges(undefined, one)].map(({ kind }) => kind)).toEqual(
          one.targets.map(() => 'added'),
        );
        expect([...targetChanges(one, undefined)].map(({ kind }) => kind)).toEqual(
          one.targets.map(() => 'removed'),
        );
      }),
    );
  });

  test('counts add up: what came less what went is the difference in number', () => {
    fc.assert(
      fc.property(anyGroup, anyGroup, (before, after) => {
        const changes = [...targetChanges(before, after)];
        const of = (kind: string) => changes.filter((change) => change.kind === kind).length;
        expect(of('added') - of('removed')).toBe(after.targets.length - before.targets.length);
      }),
    );
  });
});
