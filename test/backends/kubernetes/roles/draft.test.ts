import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { begin, finish, openLabels, set } from '../../../../lib/backends/kubernetes/roles/draft.ts';

const label = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('1', '2', '3'));
const abandoned = fc.boolean();

test('label sets made one after another hold what was set, in its order, and stay as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(label, { maxLength: 7 }), abandoned)), (sets) => {
      const labels = openLabels();
      const made: [unknown, unknown][] = [];
      for (const [pairs, isAbandoned] of sets) {
        const draft = begin(labels);
        const expected: Record<string, string> = {};
        for (const [name, value] of pairs) {
          set(draft, name, value);
          expected[name] = value;
        }
        if (!isAbandoned) made.push([Object.entries(finish(draft)), Object.entries(expected)]);
      }
      expect(made.map(([own]) => own)).toEqual(made.map(([, expected]) => expected));
    }),
  );
});

test('a finished label set does not change with the next one', () => {
  const labels = openLabels();
  const make = (values: readonly string[]) => {
    const draft = begin(labels);
    for (const [index, value] of values.entries()) set(draft, `label${index}`, value);
    return finish(draft);
  };
  const made = [['1', '2'], ['1', '3'], ['4', '3', '5'], ['4', '6', '5'], ['7']].map(make);
  expect(made).toEqual([
    { label0: '1', label1: '2' },
    { label0: '1', label1: '3' },
    { label0: '4', label1: '3', label2: '5' },
    { label0: '4', label1: '6', label2: '5' },
    { label0: '7' },
  ]);
});
