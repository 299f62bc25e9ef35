import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { printJobs, scrapeConfigResource } from '../../lib/monitors/print.ts';

describe('jobs as YAML', () => {
  const rule = { source_labels: ['job'], target_label: 'x', replacement: '' };

  test('are printed without aliases, and with quotes where YAML 1.1 or 1.2 would take a text for another value', () => {
    const relabel_configs = [
      rule,
      rule,
      { target_label: 'on', replacement: 'yes' },
      { regex: '0777' },
      { regex: '0o17' },
    ];
    expect(printJobs([{ job_name: 'a', relabel_configs }], ['One line.', 'Another.'])).toBe(`# One line.
# Another.
scrape_configs:
  - job_name: a
    relabel_configs:
      - source_labels:
          - job
        target_label: x
        replacement: ""
      - source_labels:
          - job
        target_label: x
        replacement: ""
      - target_label: "on"
        replacement: "yes"
      - regex: "0777"
      - regex: "0o17"
`);
  });

  test('no jobs are an empty list', () => {
    expect(parse(printJobs([], []))).toEqual({ scrape_configs: [] });
  });
});

describe('a ScrapeConfig', () => {
  test('that reads files', () => {
    expect(
      parse(
        scrapeConfigResource({
          job: 'shop/EU web',
          files: ['/muster/targets/shop%2FEU%20web/*.json'],
          namespace: 'monitoring',
          labels: { release: 'k8s' },
          spec: { metricsPath: '/m' },
        }),
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
      parse(scrapeConfigResource({ job: 'web', url: 'http://muster:9469/sd/web', refreshInterval: '30s' })),
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
      'job "a": a ScrapeConfig takes no file "/*/x.json": it must end in .json or .yml, with a * in its last part alone',
    ],
  ])('%j is refused', (input, message) => {
    expect(() => scrapeConfigResource(input)).toThrow(message);
  });

  test.each([
    ['...', 'muster'],
    ['-a.-b..c-', 'a.b.c'],
    ['Ä', 'muster'],
  ])('of job %s is called %s', (job, name) => {
    expect(parse(scrapeConfigResource({ job, url: 'http://x' })).metadata.name).toBe(name);
  });
});
