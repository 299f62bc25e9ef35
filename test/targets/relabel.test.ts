import { describe, expect, test } from '@jest/globals';
import { labelsReadBy, relabel } from '../../lib/targets/relabel.ts';
import { compileRegex, type RelabelConfig } from '../../lib/targets/relabel-config.ts';

interface Rule extends Partial<Omit<RelabelConfig, 'regex' | 'modulus'>> {
  readonly regex?: string;
  readonly modulus?: number;
}

const rule = ({ regex = '(.*)', modulus = 0, ...rest }: Rule): RelabelConfig => ({
  source_labels: [],
  separator: ';',
  target_label: '',
  replacement: '$1',
  action: 'replace',
  ...rest,
  regex: compiled(regex),
  modulus: BigInt(modulus),
});

function compiled(source: string) {
  const regex = compileRegex(source);
  if (typeof regex === 'string') throw new Error(regex);
  return regex;
}

describe('relabelling', () => {
  const labels = { a: 'foo', b: 'bar', c: 'Straße ΑΣ', __meta_x_one: '1', __meta_x_two: '2' };
  test.each<{ does: string; rules: Rule[]; gives: Record<string, string | undefined> | undefined }>([
    {
      does: 'joins the source labels',
      rules: [{ source_labels: ['a', 'b', 'none'], target_label: 'd' }],
      gives: { ...labels, d: 'foo;bar;' },
    },
    {
      does: 'fills groups in',
      rules: [
        {
          source_labels: ['a'],
          regex: 'f(o)(?P<rest>.*)',
          target_label: 'd',
          replacement: '${1}-$rest-$2$$',
        },
      ],
      gives: { ...labels, d: 'o-o-o$' },
    },
    {
      does: 'takes the longest name of a group',
      rules: [{ source_labels: ['a'], regex: '(f).*', target_label: 'd', replacement: 'x$1y' }],
      gives: { ...labels, d: 'x' },
    },
    ...['$01', '${01}', '$007', '$00', '$1234567890'].map((replacement) => ({
      does: `takes the number of ${replacement} for a name that no group has`,
      rules: [{ source_labels: ['a'], regex: '(.*)', target_label: 'd', replacement: `x${replacement}` }],
      gives: { ...labels, d: 'x' },
    })),
    {
      does: 'takes a number with a leading zero for the name that it is',
      rules: [{ source_labels: ['a'], regex: 'f(?P<01>.*)', target_label: 'd', replacement: '$01-$1' }],
      gives: { ...labels, d: 'oo-oo' },
    },
    ...['foo', 'bar'].map((value) => ({
      does: `takes of two groups of one name the one that took part: ${value}`,
      rules: [
        { target_label: 'd', replacement: value },
        {
          source_labels: ['d'],
          regex: '(?P<env>f(o)o)|(?<env>bar)|[(?P<env>]|\\Q(?P<env>\\E',
          target_label: 'd',
          replacement: 'is $env, $2, $3, $again_0',
        },
      ],
      gives: { ...labels, d: value === 'foo' ? 'is foo, o, , ' : 'is bar, , bar, ' },
    })),
    {
      does: 'takes the first of two groups of one name that took part, also an empty one',
      rules: [
        {
          source_labels: ['a'],
          regex: '(?P<x>z)?(?P<x>)(?P<x>.*)',
          target_label: 'd',
          replacement: 'is $x',
        },
      ],
      gives: { ...labels, d: 'is ' },
    },
    {
      does: 'writes no name that is none by the legacy scheme',
      rules: [
        { source_labels: ['a'], target_label: 'x.$1', replacement: 'no', names: 'legacy' },
        { source_labels: ['a'], target_label: 'x_$1', replacement: 'yes', names: 'legacy' },
      ],
      gives: { ...labels, x_foo: 'yes' },
    },
    {
      does: 'leaves a lone $ alone',
      rules: [{ source_labels: ['a'], target_label: 'd', replacement: '$ ${ $-' }],
      gives: { ...labels, d: '$ ${ $-' },
    },
    {
      does: 'matches the whole value only',
      rules: [{ source_labels: ['a'], regex: 'fo', target_label: 'd' }],
      gives: labels,
    },
    {
      does: 'lets the dot match line breaks',
      rules: [{ regex: 'x.y', source_labels: ['n'], target_label: 'd', replacement: 'hit' }],
      gives: labels,
    },
    {
      does: 'writes into a name made of groups',
      rules: [{ source_labels: ['a'], target_label: 'new_$1' }],
      gives: { ...labels, new_foo: 'foo' },
    },
    {
      does: 'an empty result removes the label',
      rules: [{ source_labels: ['none'], target_label: 'a' }],
      gives: { ...labels, a: undefined },
    },
    {
      does: 'a fixed replacement is set even for an absent source',
      rules: [{ target_label: 'd', replacement: 'fixed' }],
      gives: { ...labels, d: 'fixed' },
    },
    { does: 'keep keeps', rules: [{ action: 'keep', source_labels: ['a'], regex: 'foo|x' }], gives: labels },
    { does: 'keep drops', rules: [{ action: 'keep', source_labels: ['a'], regex: 'bar' }], gives: undefined },
    { does: 'drop drops', rules: [{ action: 'drop', source_labels: ['a'], regex: 'foo' }], gives: undefined },
    { does: 'drop keeps', rules: [{ action: 'drop', source_labels: ['a'], regex: 'fo' }], gives: labels },
    {
      does: 'keepequal compares with the target',
      rules: [{ action: 'keepequal', source_labels: ['a'], target_label: 'b' }],
      gives: undefined,
    },
    {
      does: 'dropequal compares with the target',
      rules: [{ action: 'dropequal', source_labels: ['none'], target_label: 'absent' }],
      gives: undefined,
    },
    {
      does: 'hashmod takes the last eight bytes of the MD5',
      rules: [{ action: 'hashmod', source_labels: ['a'], target_label: 'd', modulus: 1000 }],
      gives: { ...labels, d: '696' },
    },
    {
      does: 'labelmap copies by name',
      rules: [{ action: 'labelmap', regex: '__meta_x_(.+)' }],
      gives: { ...labels, one: '1', two: '2' },
    },
    {
      does: 'of two labels mapped to one name the later name wins',
      rules: [{ action: 'labelmap', regex: '__meta_(x).*', replacement: '$1' }],
      gives: { ...labels, x: '2' },
    },
    {
      does: 'labeldrop',
      rules: [{ action: 'labeldrop', regex: '__meta_.*|c' }],
      gives: { a: 'foo', b: 'bar' },
    },
    { does: 'labelkeep', rules: [{ action: 'labelkeep', regex: 'a' }], gives: { a: 'foo' } },
    {
      does: 'lower case letter by letter',
      rules: [{ action: 'lowercase', source_labels: ['c'], target_label: 'd' }],
      gives: { ...labels, d: 'straße ας'.replace('ς', 'σ') },
    },
    {
      does: 'upper case without growing',
      rules: [{ action: 'uppercase', source_labels: ['c'], target_label: 'd' }],
      gives: { ...labels, d: 'STRAßE ΑΣ' },
    },
    {
      does: 'upper case of Greek letters with an iota below',
      rules: [
        { target_label: 'd', replacement: 'ᾀᾗᾳῳᾴ' },
        { action: 'uppercase', source_labels: ['d'], target_label: 'd' },
      ],
      gives: { ...labels, d: 'ᾈᾟᾼῼᾴ' },
    },
    {
      does: 'rules go on with what earlier ones made',
      rules: [
        { source_labels: ['a'], target_label: 'd' },
        { action: 'keep', source_labels: ['d'], regex: 'foo' },
      ],
      gives: { ...labels, d: 'foo' },
    },
  ])('$does', ({ rules, gives }) => {
    const expected =
      gives && Object.fromEntries(Object.entries(gives).filter(([, value]) => value !== undefined));
    expect(relabel(labels, rules.map(rule))).toEqual(expected);
  });

  test('names like __proto__ are labels as any other', () => {
    const after = relabel({ a: '1' }, [rule({ source_labels: ['a'], target_label: '__proto__' })]);
    expect(Object.entries(after ?? {})).toEqual([
      ['a', '1'],
      ['__proto__', '1'],
    ]);
  });

  test('knows which labels the rules can read', () => {
    const reads = labelsReadBy([
      rule({ source_labels: ['__meta_a'], target_label: '__meta_written' }),
      rule({ action: 'labelmap', regex: '__meta_label_(.+)' }),
      rule({ action: 'dropequal', source_labels: [], target_label: '__meta_compared' }),
      rule({ action: 'labeldrop', regex: '__meta_dropped' }),
    ]);
    const names = [
      '__meta_a',
      '__meta_label_x',
      '__meta_compared',
      'own',
      '__address__',
      '__meta_written',
      '__meta_dropped',
      '__meta_z',
    ];
    expect(names.filter(reads)).toEqual([
      '__meta_a',
      '__meta_label_x',
      '__meta_compared',
      'own',
      '__address__',
    ]);
  });
});
