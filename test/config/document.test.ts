import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { text } from '../../lib/config/fields.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { section } from '../../lib/config/section.ts';
import { mechanisms, parse, problemsIn } from './parsing.ts';

const http = {
  tls_config: { insecure_skip_verify: false },
  follow_redirects: true,
  enable_http2: true,
  http_headers: {},
  proxy_from_environment: false,
  proxy_connect_header: {},
};
const consul = { refresh_interval: 30_000, server: 'localhost:8500', allow_stale: true, node_meta: {}, http };
const store = { kind: 'file', folder: '/etc/muster/.muster/store' };
const settings = {
  relabel_configs: [],
  guard: { max_removed: 0.5, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 3_600_000 },
  relabel: 'prometheus',
  labels: 'all',
  shards: 'auto',
  retire_after: 900_000,
};

/** What a configuration has that says nothing of it. */
const { relabel_configs: _, ...defaults } = settings;
const journal = { keep: 90 * 86_400_000, min_versions: 100 };
const plain = { defaults, journal, leftAlone: [] };

const scrapeLabels = { __scheme__: 'http', __metrics_path__: '/metrics' };

describe('a configuration', () => {
  test.each(['{}', 'scrape_configs:', 'scrape_configs: []', 'global: {}'])('%j has no jobs', (source) => {
    expect(parse(source)).toEqual({ ...plain, store, jobs: [], kube_state_metrics: [] });
  });

  test.each(['', '# later', '---'])('%j is empty, which nobody means', (source) => {
    expect(problemsIn(source)).toEqual(['1:1 is empty']);
  });

  test('of all parts', () => {
    const source = `
store: s3://targets/eu
owner: blue
defaults:
  guard: {max_removed: 0.2, min_targets: 5, confirm_empty_after: never}
  retire_after: 0
  labels: needed
  deadline: 2m
scrape_configs:
  - job_name: 0123
    consul_sd_configs:
      - &base {server: 'h:1', node_meta: {rack: 07}}
      - <<: *base
        refresh_interval: 1h30m
    dns_sd_configs: [{names: [a]}]
    muster: {guard: {max_removed: 1, confirm_after: 1h30m, confirm_empty_after: 2h}, retire_after: 1d, relabel: publish, shards: 8, deadline: 30s}
  - job_name: team/b
    dns_sd_configs:
`;
    const meta = { server: 'h:1', node_meta: { rack: '07' } };
    expect(parse(source)).toEqual({
      store: { kind: 's3', bucket: 'targets', prefix: 'eu' },
      owner: 'blue',
      journal,
      defaults: {
        ...defaults,
        guard: { max_removed: 0.2, min_targets: 5, confirm_after: 900_000, confirm_empty_after: 'never' },
        retire_after: 0,
        labels: 'needed',
        deadline: 120_000,
      },
      jobs: [
        {
          name: '0123',
          providers: [
            { name: 'consul-0', named: false, mechanism: 'consul', stanza: { ...consul, ...meta } },
            {
              name: 'consul-1',
              named: false,
              mechanism: 'consul',
              stanza: { ...consul, ...meta, refresh_interval: 5_400_000 },
            },
            {
              name: 'dns-0',
              named: false,
              mechanism: 'dns',
              stanza: { refresh_interval: 30_000, names: ['a'] },
            },
          ],
          relabel_configs: [],
          scrapeLabels: { ...scrapeLabels, job: '0123' },
          guard: { max_removed: 1, min_targets: 5, confirm_after: 5_400_000, confirm_empty_after: 7_200_000 },
          retire_after: 86_400_000,
          relabel: 'publish',
          labels: 'needed',
          shards: 8,
          deadline: 30_000,
        },
        {
          ...settings,
          name: 'team/b',
          providers: [],
          scrapeLabels: { ...scrapeLabels, job: 'team/b' },
          guard: { max_removed: 0.2, min_targets: 5, confirm_after: 900_000, confirm_empty_after: 'never' },
          retire_after: 0,
          labels: 'needed',
          deadline: 120_000,
        },
      ],
      kube_state_metrics: [],
      leftAlone: [],
    });
  });

  test('takes a whole prometheus.yml and leaves what concerns the scrape alone', () => {
    const source = `
global: {scrape_interval: 15s, external_labels: {a: b}}
runtime: {gogc: 75}
alerting: {alertmanagers: [{static_configs: [{targets: ['a:9093']}]}]}
rule_files: [a.yml]
scrape_config_files: []
storage: {tsdb: {}}
tracing: {}
remote_write: [{url: 'http://a'}]
remote_read: []
otlp: {}
scrape_configs:
  - job_name: a
    honor_labels: true
    honor_timestamps: true
    track_timestamps_staleness: true
    params: {module: [x]}
    scrape_interval: 5s
    scrape_timeout: 5s
    scrape_protocols: [PrometheusText0.0.4]
    fallback_scrape_protocol: PrometheusText0.0.4
    scrape_native_histograms: true
    scrape_classic_histograms: true
    always_scrape_classic_histograms: true
    convert_classic_histograms_to_nhcb: true
    scrape_failure_log_file: a
    metrics_path: /m
    scheme: https
    enable_compression: false
    body_size_limit: 1MB
    sample_limit: 1
    target_limit: 1
    label_limit: 1
    label_name_length_limit: 1
    label_value_length_limit: 1
    native_histogram_bucket_limit: 1
    native_histogram_min_bucket_factor: 1
    keep_dropped_targets: 1
    metric_name_validation_scheme: legacy
    metric_name_escaping_scheme: dots
    extra_scrape_metrics: true
    metric_relabel_configs: [{action: drop}]
    basic_auth: {username: a}
    authorization: {}
    oauth2: {}
    bearer_token: a
    bearer_token_file: a
    tls_config: {}
    follow_redirects: true
    enable_http2: true
    http_headers: {}
    proxy_url: a
    no_proxy: a
    proxy_from_environment: true
    proxy_connect_header: {}
    consul_sd_configs: [{}]
`;
    const providers = [{ name: 'consul-0', named: false, mechanism: 'consul', stanza: consul }];
    expect(parse(source)).toEqual({
      ...plain,
      store,
      jobs: [
        {
          ...{ ...settings, name: 'a', providers },
          // Rules of the job can read these of it.
          scrapeLabels: { job: 'a', __scheme__: 'https', __metrics_path__: '/m', __param_module: 'x' },
        },
      ],
      kube_state_metrics: [],
      leftAlone: [{ key: 'static_configs', of: ['the alertmanagers'] }],
    });
  });
});

describe('problems', () => {
  test('are told all at once, in the order of the file, each with its place', () => {
    const source = `scrape_confgs: []
store: gs://a
kube_state_metrics: [{name: a}]
defaults: {shards: 0, gaurd: {}}
scrape_configs:
  - job_name: a
    consul_sd_configs:
      - server: ""
        servr: 0123
        bearer_token: a
        basic_auth: {}
      -
    relabel_configs:
      - {action: keep, regex: '('}
    muster: {guard: {max_removed: 2, confirm_after: 3}, deadline: 0, labels: some}
    scrape_intervall: 5s
  - job_name: a
    consul_sd_configs: {server: a}
    static_configs: [{targets: [a]}]
    file_sd_configs: []
    http_sd_configs: []
    ec2_sd_configs: []
    cosnul_sd_configs: []
  -
  - {}
  - text
`;
    const oneWay =
      'at most one of authorization, basic_auth, oauth2, bearer_token, bearer_token_file and bearer_token_ref may be configured';
    expect(problemsIn(source)).toEqual([
      '1:1 scrape_confgs: unknown key, did you mean "scrape_configs"?',
      '2:1 store: the URL has the scheme gs:, which is not known; use s3://bucket/prefix, file:///folder, or the path of a folder',
      '3:22 kube_state_metrics[0]: is not supported by this program',
      '4:12 defaults.shards: must be "auto", or a whole number from 1 to 1000',
      '4:23 defaults.gaurd: unknown key, did you mean "guard"?',
      '8:9 scrape_configs[0].consul_sd_configs[0].server: must be text that is not empty',
      '9:9 scrape_configs[0].consul_sd_configs[0].servr: unknown key, did you mean "server"?',
      `11:9 scrape_configs[0].consul_sd_configs[0].basic_auth: ${oneWay}`,
      '12:8 scrape_configs[0].consul_sd_configs[1]: is empty, must be a mapping',
      '14:24 scrape_configs[0].relabel_configs[0].regex: is not a regular expression of RE2: missing closing )',
      '15:22 scrape_configs[0].muster.guard.max_removed: must be a number from 0 to 1',
      '15:38 scrape_configs[0].muster.guard.confirm_after: must be a duration such as 15m, not a number of cycles',
      '15:57 scrape_configs[0].muster.deadline: must be a duration such as 30s, 5m or 1h30m, longer than 0',
      '15:70 scrape_configs[0].muster.labels: must be all or needed',
      '16:5 scrape_configs[0].scrape_intervall: unknown key, did you mean "scrape_interval"?',
      '17:5 scrape_configs[1].job_name: must be unique, [0] has the same',
      '18:5 scrape_configs[1].consul_sd_configs: must be a list',
      '23:5 scrape_configs[1].cosnul_sd_configs: unknown key, did you mean "consul_sd_configs"?',
      '24:4 scrape_configs[2]: is empty, must be a mapping',
      '25:5 scrape_configs[3].job_name: is required',
      '26:5 scrape_configs[4]: must be a mapping',
    ]);
  });

  test.each<[string, readonly string[]]>([
    ['[]', []],
    ['text', ['1:1 must be a mapping']],
    ['5', ['1:1 must be a mapping']],
    ['scrape_configs: {a: b}', ['1:1 scrape_configs: must be a list']],
    ['scrape_configs: [{job_name: ""}]', ['1:19 scrape_configs[0].job_name: must be text that is not empty']],
    [
      'scrape_configs: [{job_name: [a]}]',
      ['1:19 scrape_configs[0].job_name: must be text that is not empty'],
    ],
    [
      `scrape_configs: [{job_name: ${'/'.repeat(67)}, dns_sd_configs: [{}]}]`,
      ['1:19 scrape_configs[0].job_name: is too long: 200 bytes at most, percent-encoded'],
    ],
    [
      'scrape_configs: [{job_name: 1}, {job_name: "1"}]',
      ['1:34 scrape_configs[1].job_name: must be unique, [0] has the same'],
    ],
    [
      'scrape_configs: [{job_name: API, dns_sd_configs: [{}]}, {job_name: web}, {job_name: api, dns_sd_configs: [{}]}]',
      [
        '1:75 scrape_configs[2].job_name: differs from [0] in case alone: some disks have one folder for both, so jobs need other names',
      ],
    ],
    ['owner: a/b', ['1:1 owner: must be a name of letters, digits, ., - and _, 100 at most']],
    [
      'defaults: {retire_after: soon}',
      ['1:12 defaults.retire_after: must be a duration such as 30s, 5m or 1h30m'],
    ],
    [
      'defaults: {guard: {confirm_after: 0s, confirm_empty_after: 12}}',
      [
        '1:20 defaults.guard.confirm_after: must be a duration such as 15m, not a number of cycles',
        '1:39 defaults.guard.confirm_empty_after: must be a duration such as 1h, or never',
      ],
    ],
    [
      'scrape_configs: [{job_name: a}]\nscrape_configs: []',
      ['2:1 scrape_configs: the same key stands here twice'],
    ],
    [
      'scrape_configs: [{job_name: a, muster: {relabel: both}}]',
      ['1:41 scrape_configs[0].muster.relabel: must be prometheus or publish'],
    ],
    [
      'scrape_configs: [{job_name: a, muster: {guard: {enabled: no}}}]',
      ['1:49 scrape_configs[0].muster.guard.enabled: unknown key'],
    ],
    ['a: [', ['1:5 wrong indentation, or a closing bracket or brace is missing']],
    ['base: &b {a: 1}', ['1:1 base: unknown key']],
  ])('%s', (source, expected) => {
    expect(problemsIn(source)).toEqual(expected);
  });

  test('within what an alias brings are put where the text stands', () => {
    const source = `scrape_configs:
  - job_name: a
    dns_sd_configs: &sd
      - names: a
  - job_name: b
    dns_sd_configs: *sd
`;
    expect(problemsIn(source)).toEqual([
      '4:9 scrape_configs[0].dns_sd_configs[0].names: must be a list',
      '4:9 scrape_configs[1].dns_sd_configs[0].names: must be a list',
    ]);
  });
});

describe('kube_state_metrics', () => {
  const options = {
    mechanisms,
    directory: '/',
    origin: 'f',
    kubeState: section({ name: text(), resources: text('') }),
  };

  test('are read by the schema that is handed in', () => {
    const { kube_state_metrics } = parseConfig<unknown, z.infer<typeof options.kubeState>>(
      'kube_state_metrics: [{name: a}, {name: b, resources: pods}]',
      options,
    );
    expect(kube_state_metrics).toEqual([
      { name: 'a', resources: '' },
      { name: 'b', resources: 'pods' },
    ]);
  });

  test('have names of their own', () => {
    const source = 'kube_state_metrics: [{name: a}, {name: a, resource: pods}]';
    expect(
      problemsIn(source, (yaml) => parseConfig<unknown, z.infer<typeof options.kubeState>>(yaml, options)),
    ).toEqual([
      '1:34 kube_state_metrics[1].name: must be unique, [0] has the same',
      '1:43 kube_state_metrics[1].resource: unknown key, did you mean "resources"?',
    ]);
  });
});
