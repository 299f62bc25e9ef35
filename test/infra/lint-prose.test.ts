import { expect, test } from '@jest/globals';
import { findBareExports, findWords } from '../../infra/lint-prose.ts';

test('words of the list are found with their line, and good prose is left alone', () => {
  expect(
    findWords(
      [
        'It cannot be read again; they are told apart, all of which helps.',
        'Whoever can not read this starts anew.',
        'a list of which nothing is told',
        'const isBlack = none of ours',
        'function asked() {}',
        'read(news: string)',
      ].join('\n'),
    ).map(({ line, message }) => `${line}: ${message.split(':')[0]}`),
  ).toEqual([
    '2: "can not"',
    '2: "Whoever"',
    '2: "anew"',
    '3: "of which"',
    '3: "told"',
    '4: "none of ours"',
    '4: "isBlack"',
    '5: "function asked"',
    '6: "news',
  ]);
});

test('an export without a docstring is found; overloads share one, and a type of a value needs none', () => {
  const source = `/** Reads. */
export function read(): string;
export function read(text: string): string;
export const kinds = ['a'] as const;
export type Kind = (typeof kinds)[number];
export interface Bare {}
`;
  expect(findBareExports(source)).toEqual([
    { line: 4, message: 'kinds has no docstring' },
    { line: 6, message: 'Bare has no docstring' },
  ]);
});
