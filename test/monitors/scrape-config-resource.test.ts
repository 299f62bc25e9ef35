import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readYaml } from '../../lib/config/yaml-document.ts';
import { scrapeConfigResource } from '../../lib/monitors/print.ts';
import { readSettings } from '../../lib/monitors/settings.ts';
import { readMonitor, translate } from '../../lib/monitors/translate.ts';

describe('a ScrapeConfig', () => {
  test('that reads files', () => {
    expect(
      parse(
        scrapeConfigResource({
          job: 'shop/EU web',
          files: ['/muster/targets/shop%2FEU%20web/*.json'],
          namespace: 'monitoring',
          labels: { release: 'k8s' },
          scrape: { job_name: 'x', metrics_path: '/m', consul_sd_configs: [{}], muster: { shards: 2 } },
        }).text,
      ),
    ).toEqual({
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'ScrapeConfig',
      metadata: { name: 'shop-eu-web', namespace: 'monitoring', labels: { release: 'k8s' } },
      spec: {
        jobName: 'shop/EU web',
        fileSDConfigs: [{ files: ['/muster/targets/shop%2FEU%20web/*.json'] }],
        metricsPath: '/m',
      },
    });
  });

  test('that asks a URL', () => {
    expect(
      parse(
        scrapeConfigResource({ job: 'web', url: 'http://muster:9469/sd/web', refreshInterval: '30s' }).text,
      ),
    ).toEqual({
      apiVersion: 'monitoring.coreos.com/v1alpha1',
      kind: 'ScrapeConfig',
      metadata: { name: 'web' },
      spec: {
        jobName: 'web',
        httpSDConfigs: [{ url: 'http://muster:9469/sd/web', refreshInterval: '30s' }],
      },
    });
  });

  test.each([
    [{ job: 'a' }, 'job "a": a ScrapeConfig reads either files or a URL'],
    [
      { job: 'a', files: ['/x.json'], url: 'http://x' },
      'job "a": a ScrapeConfig reads either files or a URL',
    ],
    [
      { job: 'a', files: ['/*/x.json'] },
      'job "a": a ScrapeConfig cannot read "/*/x.json": it must end in .json or .yml, with a * only in its last part',
    ],
  ])('%j is refused', (input, message) => {
    expect(() => scrapeConfigResource(input)).toThrow(message);
  });

  test.each([
    ['...', 'muster'],
    ['-a.-b..c-', 'a.b.c'],
    ['Ä', 'muster'],
  ])('of job %s is called %s', (job, name) => {
    expect(parse(scrapeConfigResource({ job, url: 'http://x' }).text).metadata.name).toBe(name);
  });

  test('has everything of the job that the operator makes a scrape config of again', () => {
    const scrape = {
      job_name: 'web',
      honor_timestamps: false,
      honor_labels: true,
      metrics_path: '/m',
      params: { module: ['a'] },
      enable_compression: false,
      enable_http2: false,
      scrape_interval: '20s',
      scrape_timeout: '10s',
      scheme: 'https',
      proxy_url: 'http://proxy:3128',
      tls_config: { insecure_skip_verify: true, server_name: 'x', min_version: 'TLS12' },
      sample_limit: 5,
      keep_dropped_targets: 1,
      native_histogram_bucket_limit: 100,
      scrape_protocols: ['PrometheusText0.0.4'],
      fallback_scrape_protocol: 'PrometheusText0.0.4',
      body_size_limit: '1MB',
      metric_name_validation_scheme: 'legacy',
      metric_name_escaping_scheme: 'underscores',
      relabel_configs: [
        {
          source_labels: ['a', 'b'],
          separator: '',
          target_label: 'c',
          regex: '(.*)',
          replacement: '',
          action: 'replace',
        },
        { source_labels: ['a'], target_label: 'h', modulus: 4, action: 'hashmod' },
      ],
      metric_relabel_configs: [{ regex: 'go_.*', action: 'labeldrop' }],
    };
    const { text, left } = scrapeConfigResource({ job: 'web', files: ['/t/*.json'], scrape });
    const monitor = readMonitor({ kind: 'ScrapeConfig', namespace: 'shop', name: 'web' }, parse(text).spec);
    const made = translate(
      [monitor],
      {
        ...{ settings: readSettings({}), connection: {}, secretsFolder: '/s' },
        ...{ files: new Map(), addresses: new Map(), oneListing: false },
      },
      () => 'missing',
    );
    expect([left, made.leftOut, made.jobs]).toEqual([
      [],
      [],
      [
        {
          ...scrape,
          job_name: 'scrapeConfig/shop/web',
          file_sd_configs: [{ files: ['/t/*.json'] }],
          relabel_configs: [
            { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' },
            { target_label: 'job', action: 'replace', replacement: 'web' },
            ...scrape.relabel_configs,
          ],
        },
      ],
    ]);
  });

  test('takes a text as it stands in a file, whatever YAML makes of it', () => {
    const { value } = readYaml('relabel_configs: [{regex: 0123, target_label: on, replacement: }]');
    const scrape = typeof value === 'object' && value !== null ? value : {};
    const { text } = scrapeConfigResource({ job: 'web', url: 'http://x', scrape });
    expect(parse(text).spec.relabelings).toEqual([{ regex: '0123', targetLabel: 'on', replacement: '' }]);
  });

  test('names what it has no place for, and has no credential in it', () => {
    const scrape = {
      tls_config: { ca_file: '/ca', key: 'hush', server_name: 'x' },
      basic_auth: { username: 'me', password: 'hush' },
      proxy_url: 'http://me:hush@proxy',
      http_headers: {},
      metric_name_escaping_scheme: 'other',
    };
    const { text, left } = scrapeConfigResource({ job: 'web', url: 'http://x', scrape });
    expect([left, text.includes('hush'), parse(text).spec.tlsConfig]).toEqual([
      [
        'tls_config.ca_file',
        'tls_config.key',
        'basic_auth',
        'proxy_url',
        'http_headers',
        'metric_name_escaping_scheme',
      ],
      false,
      { serverName: 'x' },
    ]);
  });
});
