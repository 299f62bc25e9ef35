import { describe, expect, test } from '@jest/globals';
import { ConfigError, formatKeyPath, formatProblems, inFileOrder } from '../../lib/config/problem.ts';
import { parse } from './parsing.ts';

describe('problems', () => {
  test('come as one error that shows the first and counts the others', () => {
    const errors = ['a: 1', 'a: 1\nb: 2', 'a: 1\nb: 2\nc: 3'].map((source) => {
      try {
        return parse(source);
      } catch (error) {
        return (
          error instanceof ConfigError && [error.kind, error.message, error.origin, error.problems.length]
        );
      }
    });
    expect(errors).toEqual([
      ['config', 'muster.yml:1:1 a: unknown key', 'muster.yml', 1],
      ['config', 'muster.yml:1:1 a: unknown key (and 1 more problem)', 'muster.yml', 2],
      ['config', 'muster.yml:1:1 a: unknown key (and 2 more problems)', 'muster.yml', 3],
    ]);
  });

  test('are one line each, whatever a key holds', () => {
    const path = formatKeyPath(['a', 0, 'b-c', 'd e', '\n', 1, 'x'.repeat(70)]);
    expect(path).toBe(`a[0].b-c["d…"]["…"][1].${'x'.repeat(60)}…`);
    const problems = [
      { line: 2, column: 1, path, message: 'is\nwrong' },
      { line: 1, column: 9, path: '', message: 'is too' },
      { line: 1, column: 9, path: '', message: 'is too' },
    ];
    expect(formatProblems('f', inFileOrder(problems))).toBe(`f:1:9 is too\nf:2:1 ${path}: is wrong`);
  });
});

test('of very many problems the first hundred are shown, the others counted', () => {
  const keys = Array.from({ length: 20_000 }, (_, number) => `k${number}: 1`).join('\n');
  const lines = formatted(keys).split('\n');
  expect(lines.length).toBe(101);
  expect([lines[0], lines[99]]).toEqual(['f:1:1 k0: unknown key', 'f:100:1 k99: unknown key']);
  expect(lines[100]).toBe('and 19,900 more');
});

function formatted(source: string): string {
  try {
    parse(source);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return formatProblems('f', error.problems);
  }
}
