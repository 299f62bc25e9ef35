import { describe, expect, test } from '@jest/globals';
import { problemsOf } from '../../lib/config/problem.ts';
import { relabelConfigs } from '../../lib/config/relabel.ts';
import { tree } from './parsing.ts';

function parse(source: string): unknown {
  const parsed = relabelConfigs.safeParse(tree(source));
  if (!parsed.success)
    return parsed.error.issues
      .flatMap(problemsOf)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);
  return parsed.data.map(({ regex, ...rest }) => ({
    ...rest,
    regex: [regex.source, regex.pattern.pattern()],
  }));
}

const byDefault = {
  source_labels: [],
  separator: ';',
  regex: ['(.*)', '^(?s:(.*))$'],
  modulus: 0n,
  target_label: '',
  replacement: '$1',
  action: 'replace',
};

describe('relabelling rules as Prometheus reads them', () => {
  test.each<[string, object]>([
    ['{target_label: a}', { target_label: 'a' }],
    [
      '{source_labels: [a, b.c, 1], target_label: $1}',
      { source_labels: ['a', 'b.c', '1'], target_label: '$1' },
    ],
    [
      '{action: KeepEqual, source_labels: [a], target_label: b}',
      { action: 'keepequal', source_labels: ['a'], target_label: 'b' },
    ],
    [
      '{action: dropequal, source_labels: [a], target_label: b, regex: (.*)}',
      { action: 'dropequal', source_labels: ['a'], target_label: 'b' },
    ],
    ['{action: keep, regex: a|b}', { action: 'keep', regex: ['a|b', '^(?s:a|b)$'] }],
    ['{action: drop, regex: 8080}', { action: 'drop', regex: ['8080', '^(?s:8080)$'] }],
    [
      '{action: hashmod, modulus: 18446744073709551615, target_label: a}',
      { action: 'hashmod', modulus: 18446744073709551615n, target_label: 'a' },
    ],
    ['{action: labelmap, regex: x_(.+)}', { action: 'labelmap', regex: ['x_(.+)', '^(?s:x_(.+))$'] }],
    ['{action: labeldrop, regex: x}', { action: 'labeldrop', regex: ['x', '^(?s:x)$'] }],
    ['{action: LABELKEEP, regex: x}', { action: 'labelkeep', regex: ['x', '^(?s:x)$'] }],
    [
      '{action: lowercase, target_label: a, separator: ","}',
      { action: 'lowercase', target_label: 'a', separator: ',' },
    ],
    ['{action: uppercase, target_label: a}', { action: 'uppercase', target_label: 'a' }],
    [
      '{target_label: a, separator: , regex: , replacement: }',
      { target_label: 'a', separator: '', regex: ['', '^(?s:)$'], replacement: '' },
    ],
    ['{target_label: a, source_labels: , modulus: , action: }', { target_label: 'a' }],
  ])('%s', (source, expected) => {
    expect(parse(`[${source}]`)).toEqual([{ ...byDefault, ...expected }]);
  });

  test('the regular expression spans the whole value, line breaks too', () => {
    const matches = (source: string, value: string) =>
      relabelConfigs
        .parse(tree(`[{action: keep, regex: '${source}'}]`))
        .map(({ regex }) => regex.pattern.matches(value));
    expect([
      matches('a|b', 'ab'),
      matches('a.c', 'a\nc'),
      matches('(?i)ABC', 'abc'),
      matches('a', 'a\n'),
    ]).toEqual([[false], [true], [true], [false]]);
  });

  test.each<[string, readonly string[]]>([
    ['{}', ['0.target_label: action replace needs target_label']],
    [
      '{action: hashmod}',
      [
        '0.target_label: action hashmod needs target_label',
        '0.modulus: action hashmod needs a modulus above 0',
      ],
    ],
    ['{action: lowercase}', ['0.target_label: action lowercase needs target_label']],
    ['{action: uppercase}', ['0.target_label: action uppercase needs target_label']],
    ['{action: keepequal}', ['0.target_label: action keepequal needs target_label']],
    ['{action: dropequal}', ['0.target_label: action dropequal needs target_label']],
    ['{action: labelmap, replacement: }', ['0.replacement: action labelmap needs a replacement']],
    [
      '{action: lowercase, target_label: a, replacement: b}',
      [
        '0.replacement: action lowercase takes source_labels, separator, regex, modulus and target_label only',
      ],
    ],
    [
      '{action: keepequal, target_label: a, regex: b, modulus: 1, separator: c, replacement: d}',
      ['separator', 'regex', 'modulus', 'replacement'].map(
        (key) => `0.${key}: action keepequal takes source_labels and target_label only`,
      ),
    ],
    [
      '{action: labelkeep, source_labels: [a], target_label: a, modulus: 1, separator: c, replacement: d}',
      ['source_labels', 'separator', 'modulus', 'target_label', 'replacement'].map(
        (key) => `0.${key}: action labelkeep takes regex only`,
      ),
    ],
    [
      '{action: relabel, target_label: a}',
      [
        '0.action: must be replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase or uppercase',
      ],
    ],
    ['{action: keep, source_labels: [""]}', ['0.source_labels.0: must be the name of a label']],
    ['{action: keep, source_labels: a}', ['0.source_labels: must be a list']],
    ['{action: keep, modulus: -1}', ['0.modulus: must be a whole number below 2^64']],
    ['{action: keep, modulus: 18446744073709551616}', ['0.modulus: must be a whole number below 2^64']],
    ['{action: keep, regex: (a}', ['0.regex: is not a regular expression of RE2: missing closing )']],
    [
      '{action: keep, regex: "a(?=b)"}',
      ['0.regex: is not a regular expression of RE2: invalid or unsupported Perl syntax'],
    ],
    ['{action: keep, regex: [a]}', ['0.regex: must be text']],
    ['{action: keep, target: a}', ['0.target: unknown key']],
    ['~', ['0: is empty, must be a mapping']],
    ['5', ['0: must be a mapping']],
  ])('%s is refused', (source, expected) => {
    expect(parse(`[${source}]`)).toEqual(expected);
  });
});
