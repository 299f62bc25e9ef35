import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { plainValue } from '../../lib/config/fields.ts';
import { formatProblems } from '../../lib/config/problem.ts';
import { readYaml } from '../../lib/config/yaml-document.ts';
import { draws } from '../support/counts.ts';

function read(source: string) {
  const { value, problems } = readYaml(source);
  return { value: plainValue(value), problems: problems.map((problem) => formatProblems('f', [problem])) };
}

describe('YAML becomes a tree', () => {
  test.each<[string, string, unknown]>([
    ['nothing', '', null],
    ['a comment', '# nothing', null],
    ['an empty document', '---\n...\n', null],
    ['a byte order mark', '\ufeffa: b', { a: 'b' }],
    ['keys by their text', '{1: a, true: b, 01: c, "x y": d}', { 1: 'a', true: 'b', '01': 'c', 'x y': 'd' }],
    ['an alias', 'a: &x [1]\nb: *x', { a: [1], b: [1] }],
    ['an anchor that is used again', 'a: &x 1\nb: *x\nc: &x 2\nd: *x', { a: 1, b: 1, c: 2, d: 2 }],
    [
      'an alias within what an alias brings',
      'a: &y 1\nb: &x [*y]\nc: &y 2\nd: [*x, *y]',
      { a: 1, b: [1], c: 2, d: [[1], 2] },
    ],
    ['a merge', 'a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}', { a: { k: 1, l: 2 }, b: { l: 3, k: 1 } }],
    [
      'a merge below the same key, which wins as in Go',
      'a: &x {k: 1}\nb: {k: 3, <<: *x}',
      { a: { k: 1 }, b: { k: 1 } },
    ],
    [
      'two merges of one key, the later wins',
      'a: &x {k: 1}\nb: {k: 3, <<: {k: 2}, <<: *x}',
      { a: { k: 1 }, b: { k: 1 } },
    ],
    [
      'brackets that stand no deeper than their key',
      'a:\n  b: [\n1,\n  2\n  ]\n  c: 3',
      { a: { b: [1, 2], c: 3 } },
    ],
    [
      'brackets that close at the left',
      'a:\n  b: {\n    c: [\n1\n]\n}\n  d: 2',
      { a: { b: { c: [1] }, d: 2 } },
    ],
    ['a tab within brackets', 'a: [\n\t1,\n\t\t{b: 2}\n\t]\nc: 3', { a: [1, { b: 2 }], c: 3 }],
    [
      'JSON right below its key',
      'a:\n{"b": [1,\n2]}\nc:\n# note\n[3]\nd: 4',
      { a: { b: [1, 2] }, c: [3], d: 4 },
    ],
    ['JSON right below a key that is indented', 'x:\n  a:\n  {"b": 1}\n  c: 2', { x: { a: { b: 1 }, c: 2 } }],
    ['a block after such brackets', 'a: [\n1]\nb: |\n  [\n  x\nc: >\n  {', { a: [1], b: '[\nx\n', c: '{\n' }],
    [
      'a merge of two, the first wins',
      'a: &x {k: 1}\nb: &y {k: 2, l: 2}\nc: {<<: [*x, *y]}',
      { a: { k: 1 }, b: { k: 2, l: 2 }, c: { k: 1, l: 2 } },
    ],
    [
      'two merges',
      'a: &x {k: 1}\nb: &y {l: 2}\nc:\n  <<: *x\n  <<: *y',
      { a: { k: 1 }, b: { l: 2 }, c: { k: 1, l: 2 } },
    ],
    ['a quoted <<, which is a key', '{"<<": {a: b}}', { '<<': { a: 'b' } }],
    [
      'YAML 1.1 by directive, read as 1.2 all the same',
      '%YAML 1.1\n---\n{a: yes, b: 2001-01-01, <<: {c: 010}}',
      { a: 'yes', b: '2001-01-01', c: 10 },
    ],
    ['a block text', 'a: |\n  b\n  c\n', { a: 'b\nc\n' }],
    ['a tag of YAML itself', 'a: !!str 1', { a: '1' }],
  ])('%s', (_, source, value) => {
    expect(read(source)).toEqual({ value, problems: [] });
  });

  test('whatever was written as YAML is read back', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
        (value) => {
          const expected: unknown = JSON.parse(JSON.stringify(value));
          expect(read(stringify(expected))).toEqual({ value: expected, problems: [] });
        },
      ),
      { numRuns: draws(200) },
    );
  });
});

describe('what is no configuration is refused, with its place and without its text', () => {
  test.each([
    ['a doubled key', 'a:\n  b: 1\n  b: 2', ['f:3:3 a.b: the same key stands here twice']],
    ['a key doubled in other quotes', 'b: 1\n"b": 2', ['f:2:1 b: the same key stands here twice']],
    ['a list as key', '? [canary]\n: 1', ['f:1:3 a key must be plain text']],
    ['a key without a colon', 'a: {b: 1, canary}', ['f:1:11 a: a key needs a colon and a space after it']],
    ['a key without a space', 'a: {b:canary}', ['f:1:5 a: a key needs a colon and a space after it']],
    ['no key', ': canary', ['f:1:1 a key must be plain text']],
    ['a prototype', 'a: {__proto__: {b: 1}}', ['f:1:5 a.__proto__: a key must be plain text']],
    [
      'an unknown alias',
      'a: *canary',
      ['f:1:1 a: no anchor of this name stands above; text that begins with * must be quoted'],
    ],
    [
      'an alias above its anchor',
      'a: *x\nb: &x 1',
      ['f:1:1 a: no anchor of this name stands above; text that begins with * must be quoted'],
    ],
    [
      'an alias to itself',
      'a: &x\n  - b: *x',
      ['f:2:5 a[0].b: the alias stands inside of what it refers to'],
    ],
    ['a merge of a text', 'a: {<<: canary}', ['f:1:5 a["…"]: << merges mappings only']],
    [
      'a second document',
      'a: 1\n---\nb: canary',
      ['f:2:1 a second YAML document begins here, only one is allowed'],
    ],
    [
      'an unknown tag',
      'a: !canary b',
      ['f:1:4 unknown tag, or a value that does not fit it; text that begins with ! must be quoted'],
    ],
    [
      'a tag of YAML 1.1',
      'a: !!binary aGk=',
      ['f:1:4 unknown tag, or a value that does not fit it; text that begins with ! must be quoted'],
    ],
    ['a reserved character', 'a: @canary', ['f:1:4 text that begins with this character must be quoted']],
    ['a per-cent sign', 'a: %canary', ['f:1:4 text that begins with this character must be quoted']],
    [
      'an unknown escape',
      'a: "\\qcanary"',
      ['f:1:5 unknown escape within double quotes; single quotes keep a backslash as it is'],
    ],
    [
      'a colon in plain text',
      'a: canary: b',
      ['f:1:4 no mapping can begin here; text that holds ": " must be quoted'],
    ],
    [
      'a missing bracket',
      'a: [canary',
      ['f:1:11 wrong indentation, or a closing bracket or brace is missing'],
    ],
    ['a missing quote', 'a: "canary', ['f:1:11 a quote, bracket, brace, comma or colon is missing']],
    ['a tab', 'a:\n\tb: canary', ['f:2:1 a tab cannot indent, use spaces']],
    ['a missing colon', 'a: 1\ncanary\nb: 2', ['f:2:1 a key must stand on one line; is a colon missing?']],
  ])('%s', (_, source, problems) => {
    expect(read(source).problems).toEqual(problems);
  });

  test('nesting beyond any use', () => {
    const problems = read(`a: ${'['.repeat(100)}${']'.repeat(100)}`).problems;
    expect(problems).toEqual([
      expect.stringMatching(/^f:1:67 a(\[0\]){63}: nested too deeply: over 64 levels$/),
    ]);
    expect(read('['.repeat(20_000)).problems[0]).toMatch(/nested too deeply$/);
  });

  test.each(['[', '{', '- ', '? ', '{a: ', '[{'])(
    'four MiB of %j are refused where it is too deep, without reading on',
    (piece) => {
      const { problems } = readYaml(piece.repeat(Math.floor((4 * 1024 * 1024) / piece.length)));
      expect(problems.map(({ message }) => message)).toEqual(['nested too deeply']);
      expect((problems[0]?.column ?? 0) + (problems[0]?.line ?? 0)).toBeLessThan(2000);
    },
  );

  test.each(['a: [\n', 'a: @b\n', '&a '])('of %j without end the first five errors are told', (piece) => {
    const text = piece.repeat(5000);
    expect(read(text).problems.length).toBe(5);
  });

  test('a bomb of aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) =>
        `a${level}: &a${level} [${Array(9)
          .fill(level === 0 ? 'x' : `*a${level - 1}`)
          .join(', ')}]`,
    );
    expect(read(levels.join('\n')).problems).toEqual([
      expect.stringMatching(/^f:\d+:\d+ a\S+: the aliases stand for over 50000 values$/),
    ]);
  });

  test('a huge file', () => {
    expect(read(`# ${'x'.repeat(4 * 1024 * 1024)}`).problems).toEqual(['f:1:1 is over 4 MiB']);
  });

  test('any text is read or refused, never thrown at', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      '&x ',
      '*x',
      '!!int ',
      '"',
      "'",
      '|',
      '>',
      '<<',
      '#',
      '---\n',
      '%',
      '?',
      ',',
      '\t',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const { value, problems } = readYaml(parts.join(''));
        expect(value !== undefined || problems.length > 0).toBe(true);
      }),
      { numRuns: draws(300) },
    );
  });
});
