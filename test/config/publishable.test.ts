import { describe, expect, test } from '@jest/globals';
import { problemsIn } from './parsing.ts';

/** The problems of a job with these rules, which stand from line 7 on. */
function problemsOf(rules: readonly string[], { muster = '{relabel: publish}', defaults = '{}' } = {}) {
  return problemsIn(
    `defaults: ${defaults}\nscrape_configs:\n- job_name: a\n  params: {module: [x]}\n  muster: ${muster}\n` +
      `  relabel_configs:\n${rules.map((rule) => `  - ${rule}\n`).join('')}`,
  );
}

const instead = 'such rules must run there, with "relabel: prometheus"';
const reads = (label: string) => `reads ${label}, which Prometheus alone knows: ${instead}`;
const removes = (label: string) => `removes ${label}, which Prometheus would set again: ${instead}`;

describe('rules that can not run before the targets are published', () => {
  test.each([
    ['{source_labels: [a, __scrape_interval__], target_label: b}', reads('__scrape_interval__')],
    ['{action: keep, source_labels: [__scrape_timeout__], regex: 5s}', reads('__scrape_timeout__')],
    [
      '{action: dropequal, source_labels: [a], target_label: __scrape_timeout__}',
      reads('__scrape_timeout__'),
    ],
    ['{action: labelmap, regex: __(.+)__}', reads('__scrape_interval__')],
    ['{action: labeldrop, regex: job|x}', removes('job')],
    ['{action: labelkeep, regex: __.*}', removes('job')],
    ['{target_label: job, replacement: ""}', removes('job')],
    [
      '{source_labels: [a], regex: x, target_label: __metrics_path__, replacement: }',
      removes('__metrics_path__'),
    ],
    ['{action: labeldrop, regex: __scheme__}', removes('__scheme__')],
    ['{action: labeldrop, regex: __param_.+}', removes('__param_module')],
  ])('%s', (rule, message) => {
    expect(problemsOf([rule])).toEqual([`7:5 scrape_configs[0].relabel_configs[0]: ${message}`]);
    expect(problemsOf([rule], { muster: '{}', defaults: '{relabel: publish}' })).toHaveLength(1);
  });

  test.each(['{action: labeldrop, regex: job}', '{source_labels: [__scrape_interval__], target_label: b}'])(
    'are no matter where Prometheus runs them: %s',
    (rule) => {
      expect(problemsOf([rule], { muster: '{}' })).toEqual([]);
      const over = { muster: '{relabel: prometheus}', defaults: '{relabel: publish}' };
      expect(problemsOf([rule], over)).toEqual([]);
    },
  );

  test.each([
    ['{target_label: a.b}', 'target_label "a.b"'],
    ['{source_labels: [a], target_label: a.$1}', 'target_label "a.$1"'],
    ['{action: labelmap, regex: a_(.+), replacement: "1$1"}', 'replacement "1$1"'],
    ['{action: hashmod, modulus: 2, target_label: é}', 'target_label "é"'],
    ['{action: keepequal, target_label: a-b}', 'target_label "a-b"'],
    ['{action: uppercase, target_label: $1}', 'target_label "$1"'],
  ])('are those which write what the legacy scheme takes for no label name: %s', (rule, what) => {
    const legacy = 'metric_name_validation_scheme: legacy';
    const message = `${what} is no label name under "${legacy}": letters, digits and _ only`;
    const inJob = (scheme: string) => `{relabel: publish}\n  metric_name_validation_scheme: ${scheme}`;
    expect(problemsOf([rule], { muster: inJob('legacy') })).toEqual([
      `8:5 scrape_configs[0].relabel_configs[0]: ${message}`,
    ]);
    expect(problemsOf([rule], { defaults: `{}\nglobal: {${legacy}}` })).toHaveLength(1);
    expect(problemsOf([rule], { muster: inJob('utf8'), defaults: `{}\nglobal: {${legacy}}` })).toEqual([]);
    expect(problemsOf([rule], { muster: inJob('') })).toEqual([]);
    expect(problemsOf(['{target_label: ok_$1, source_labels: [a]}'], { muster: inJob('legacy') })).toEqual(
      [],
    );
  });

  test('are told beside other problems of the file', () => {
    const rules = ['{action: labeldrop, regex: job}', '{action: keep}', '{action: labelmap, regex: (.+)}'];
    expect(problemsOf(rules, { defaults: '{shards: 1}\nstore: http://x' })).toEqual([
      '2:1 store: the URL has the scheme http:, which is not known; use s3://bucket/prefix, file:///folder, or the path of a folder',
      `8:5 scrape_configs[0].relabel_configs[0]: ${removes('job')}`,
      `10:5 scrape_configs[0].relabel_configs[2]: ${reads('__scrape_interval__')}`,
    ]);
  });
});

describe('"labels: needed" without rules', () => {
  const dns = 'dns_sd_configs: [{names: [a]}]';
  const message =
    '"needed" needs the job\'s relabel_configs here: copy them from prometheus.yml, or publish "all" labels';

  test('is refused: bare addresses would be published, which rules in prometheus.yml drop', () => {
    expect(problemsIn(`scrape_configs: [{job_name: a, ${dns}, muster: {labels: needed}}]`)).toEqual([
      `1:73 scrape_configs[0].muster.labels: ${message}`,
    ]);
    expect(problemsIn(`defaults: {labels: needed}\nscrape_configs: [{job_name: a, ${dns}}]`)).toEqual([
      `2:18 scrape_configs[0].muster.labels: ${message}`,
    ]);
  });

  test.each([
    ['a job that says "all"', `{job_name: a, ${dns}, muster: {labels: all}}`],
    ['a job that Muster does not discover', '{job_name: a}'],
    ['a job whose rules run before publishing', `{job_name: a, ${dns}, muster: {relabel: publish}}`],
    ['a job with rules', `{job_name: a, ${dns}, relabel_configs: [{target_label: a, replacement: b}]}`],
  ])('is no matter to %s', (_, job) => {
    expect(problemsIn(`defaults: {labels: needed}\nscrape_configs: [${job}]`)).toEqual([]);
  });
});

test.each([
  '{source_labels: [__meta_x], target_label: job}',
  '{target_label: __scrape_interval__, replacement: 5s}',
  '{target_label: __param_module, replacement: y}',
  '{action: labeldrop, regex: __param_other}',
  '{action: labelmap, regex: __meta_(.+)}',
  '{action: labelkeep, regex: __.*|job}',
  '{target_label: x, replacement: ""}',
])('a rule that can: %s', (rule) => {
  expect(problemsOf([rule])).toEqual([]);
});
