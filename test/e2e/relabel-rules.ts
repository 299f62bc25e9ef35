import fc from 'fast-check';

/** A rule as it stands in a configuration. */
export type Rule = Readonly<Record<string, unknown>>;

const replace = (regex: string, replacement: string, source: readonly string[] = ['__meta_name']): Rule => ({
  source_labels: source,
  regex,
  replacement,
  target_label: 'out',
});
const write = (action: string, source: readonly string[], more: Rule = {}): Rule => ({
  action,
  source_labels: source,
  target_label: 'out',
  ...more,
});

/** Rules of every action, with what is odd about each; a list of lists, each of which is one job's. */
export const chosenRules: readonly (readonly Rule[])[] = [
  [],
  // Templates as Go reads them.
  ...[
    '$1',
    '${1}',
    '$0',
    '$$1',
    '$',
    '$ 1',
    '${',
    '${}',
    '${1',
    '$01',
    '${01}',
    '$007',
    '${00}',
    '$00',
    '$10',
    '$1234567890',
    '$1x',
    '${1}x',
    '$9',
    '$1é',
    '$1$2',
    '${2}${1}',
    '$-1',
    'plain',
    '',
  ].map((replacement) => [replace('(.)(.*)', replacement)]),
  ...['$host', '${host}', '$hostx', '${port}', '${host}:${port}', '$nobody'].map((replacement) => [
    replace('(?P<host>[^:]+)(?::(?P<port>\\d+))?', replacement, ['__address__']),
  ]),
  // Groups of one name: the first that took part counts.
  ...['$env', '${env}-$1-$2', '$01', '${env}x$02'].flatMap((replacement) => [
    [replace('(?P<env>prod)|(?P<env>dev)', replacement, ['__meta_env'])],
    [replace('(?P<env>p)?(?P<env>.*)', replacement, ['__meta_env'])],
    [replace('(?P<01>.)(?P<env>.)(?<env>.*)', replacement, ['__meta_env'])],
    [replace('(?P<env>)(?P<env>.*)', replacement, ['__meta_env'])],
  ]),
  [{ action: 'labelmap', regex: '__meta_(?P<n>name)|__meta_(?P<n>env)', replacement: 'mapped_${n}_$01' }],
  [{ source_labels: ['env'], regex: '(?P<n>p.*)|(?P<n>d.*)', target_label: 'to_$n', replacement: '$n' }],
  // An address that is empty, taken away, or set by the rules.
  [{ target_label: '__address__', replacement: '' }],
  [{ source_labels: ['__meta_env'], target_label: '__address__' }],
  [
    { source_labels: ['__address__'], regex: '', target_label: '__address__', replacement: 'set:1' },
    { source_labels: ['__address__'], target_label: 'out' },
  ],
  [{ action: 'keep', source_labels: ['__address__'], regex: '' }],
  [{ action: 'labeldrop', regex: '__address__' }],
  [{ source_labels: ['__address__'], regex: '(.*)', target_label: 'instance', replacement: 'at $1' }],
  // Regular expressions: anchored at both ends, `.` also for line breaks.
  ...[
    '.*',
    '.+',
    '',
    'a|b',
    'prod|',
    '(?i)PROD.*',
    '(?s).+',
    '(?-s).+',
    '(?m)^b',
    '(?U)(.+)(.*)',
    '[^;]*',
    '\\d+',
    '\\p{Lu}.*',
    '[[:alpha:]]+',
    '\\Qa.b\\E',
    '\\bweb\\b',
    '^web$',
    'ß|ẞ',
    '(a)(b)?(.*)',
    '.*\\n.*',
    '\\x{1F600}',
    '[😀é]+',
    '(web){1,2}',
    '(?:a|ab)(?:c|bcd)*',
    'K',
    '(?i)k',
  ].map((regex) => [replace(regex, 'hit:$1')]),
  ...['keep', 'drop'].flatMap((action) =>
    ['prod', '', '.*', 'prod|dev', '(?i)PROD'].map((regex) => [{ action, source_labels: ['env'], regex }]),
  ),
  [{ action: 'keep', source_labels: ['env', '__meta_name'], separator: '', regex: 'prod.*' }],
  [{ action: 'drop', source_labels: ['nobody'] }],
  [{ action: 'keep', regex: '.+' }],
  ...['keepequal', 'dropequal'].flatMap((action) => [
    [{ action, source_labels: ['env'], target_label: '__meta_env' }],
    [{ action, source_labels: ['nobody'], target_label: 'nothing' }],
  ]),
  // Unicode: letter by letter, without regard to their neighbours.
  ...['lowercase', 'uppercase'].flatMap((action) => [
    [write(action, ['__meta_letters'])],
    [write(action, ['__meta_cased'])],
    [write(action, ['__meta_name', 'env'], { separator: 'ß' })],
    [write(action, ['nobody'], { target_label: 'env' })],
  ]),
  ...[1, 2, 7, 1000, 9007199254740991].map((modulus) => [
    write('hashmod', ['__address__', 'env'], { modulus }),
  ]),
  [write('hashmod', ['nobody'], { modulus: 16 })],
  [
    write('hashmod', ['__meta_name'], { modulus: 3, target_label: '__tmp_shard' }),
    { action: 'keep', source_labels: ['__tmp_shard'], regex: '[01]' },
  ],
  ...[
    ['__meta_(.+)', 'mapped_$1'],
    ['__meta_(.+)', '${1}'],
    ['__meta_(na)(me)', '${2}_$1'],
    ['__meta_name', 'renamed'],
    ['nobody', 'nothing'],
    ['(?i)ENV', 'upper_env'],
  ].map(([regex, replacement]) => [{ action: 'labelmap', regex, replacement }]),
  ...['env', '.*_name|env', 'out.*', '__meta_.+'].map((regex) => [{ action: 'labeldrop', regex }]),
  ...['__.*|id|job', '__.*|env|id', '__.+|(?i)ENV|id'].map((regex) => [{ action: 'labelkeep', regex }]),
  // A label that is made empty is gone; one without value is an empty text.
  [replace('.*', ''), replace('(.*)', 'was:$1', ['out'])],
  [
    { target_label: 'env', replacement: '' },
    { action: 'keep', source_labels: ['env'], regex: '' },
  ],
  // Names of labels out of templates: one that is no name leaves the rule without effect.
  ...['${1}', 'pre_$1', '$1_post', '${2}'].map((target_label) => [
    { source_labels: ['env'], regex: '(.+)', target_label, replacement: 'x$1' },
  ]),
  [
    replace('(.+)', 'a/$1', ['__meta_env']),
    { source_labels: ['out'], regex: 'a/(.*)', target_label: 'instance' },
  ],
  [
    { source_labels: ['__meta_env'], target_label: 'job' },
    { source_labels: ['job', '__scheme__', '__metrics_path__'], target_label: 'out' },
  ],
  [{ source_labels: ['__scrape_interval__', '__scrape_timeout__', '__param_module'], target_label: 'out' }],
];

const names = [
  '__address__',
  '__meta_name',
  '__meta_env',
  '__meta_letters',
  'env',
  'id',
  'out',
  'job',
  'nobody',
];
const source_labels = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 });
const separator = fc.constantFrom(';', '', ',', '::', '\n', 'é');
const regex = fc.constantFrom(
  ...[
    '(.*)',
    '.+',
    '(.)(.*)',
    '([^;]*);(.*)',
    '(?i).*PROD.*',
    '(.*?)([0-9]+)',
    '(?P<a>\\w+)\\W?(?P<b>.*)',
    '[^:]+:(\\d+)',
  ],
  ...[
    '(?P<a>prod)|(?P<a>dev)|.*',
    '(?P<a>.)?(?P<b>.)?(?P<a>.*)',
    '(?P<01>\\w)(?P<a>.*)',
    '(?P<b>x)?(?<b>.*)',
  ],
  ...['.*[äöüßé].*', '(?U)(.*)(;)(.*)', '\\p{L}+', '(\\S+)\\s*(.*)', '(x|prod|dev)?.*', '(?s)(.).*(.)'],
);
const template = fc
  .array(
    fc.constantFrom(
      ...['$1', '${1}', '$2', '${a}', '$b', '$$', '-', 'x', 'É', '$0', ':'],
      ...['$01', '${01}', '$007', '${00}', '$00'],
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const plainTargets = ['out', 'env', 'other', '__tmp_x', '__meta_name', '__address__', 'instance'];
const target_label = fc.constantFrom(...plainTargets, 'pre_$1', '${1}', '$01', 'pre_${01}', 'pre_$a');
const plainTarget = fc.constantFrom(...plainTargets);

const anyRule: fc.Arbitrary<Rule> = fc.oneof(
  {
    arbitrary: fc.record({ source_labels, separator, regex, replacement: template, target_label }),
    weight: 6,
  },
  fc.record({ action: fc.constantFrom('keep', 'drop'), source_labels, separator, regex }),
  fc.record({ action: fc.constantFrom('keepequal', 'dropequal'), source_labels, target_label: plainTarget }),
  fc.record({
    action: fc.constantFrom('lowercase', 'uppercase'),
    source_labels,
    separator,
    target_label: plainTarget,
  }),
  fc.record({
    action: fc.constant('hashmod'),
    ...{ source_labels, separator, target_label: plainTarget },
    modulus: fc.integer({ min: 1, max: 50 }),
  }),
  // Where two labels come to one name, Prometheus leaves it to chance which wins.
  fc
    .constantFrom(
      ['__meta_(.+)', 'm_$1'],
      ['__meta_(.+)', '${1}_m'],
      ['__meta_(?P<a>n.+)|__meta_(?P<a>e.+)', 'm_${a}_x'],
      ['__meta_(name)', 'm_$01'],
    )
    .map(([regex, replacement]) => ({ action: 'labelmap', regex, replacement })),
  fc.record({
    action: fc.constant('labeldrop'),
    regex: fc.constantFrom('out', 'm_.*', 'env|other', '__tmp_.*', '__address__|instance'),
  }),
);

/** So many lists of up to six rules, the same each time. */
export function drawnRules(count: number, seed: number): readonly (readonly Rule[])[] {
  return fc.sample(fc.array(anyRule, { minLength: 1, maxLength: 6 }), { numRuns: count, seed });
}
