import { describe, expect, test } from '@jest/globals';
import { mechanisms } from '../../lib/backends/registry.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { hasSince, prometheusVersion, prometheusVersions } from '../../lib/config/prometheus-version.ts';
import { problemsIn } from './parsing.ts';

const loaded = await Promise.all(
  mechanisms
    .filter(({ name }) => ['consul', 'docker', 'kubernetes'].includes(name))
    .map(({ load }) => load()),
);
const parse = (source: string) =>
  parseConfig(source, { mechanisms: loaded, directory: '/etc/muster', origin: 'muster.yml' });

describe('muster.prometheus', () => {
  test.each([
    ['3.5', '3.5'],
    ['"3.5.3"', '3.5'],
    ['3.10', '3.10'],
    ['3.15', '3.15'],
  ])('%s is Prometheus %s', (written, version) => {
    const [job] = parse(`scrape_configs: [{job_name: a, muster: {prometheus: ${written}}}]`).jobs;
    expect(job?.prometheus).toBe(version);
  });

  test.each(['3', '3.4', '2.53', 'latest', 'v3.5', '3.16', '03.5', '3.5.x', '""', '3.5e0'])(
    '%s is none that Muster knows',
    (written) => {
      expect(problemsIn(`defaults: {prometheus: ${written}}`, parse)).toEqual([
        '1:12 defaults.prometheus: must be a version of Prometheus from 3.5 to 3.15, or left out for the newest',
      ]);
    },
  );

  test('of a job goes before the default of all', () => {
    const source =
      'defaults: {prometheus: 3.5}\nscrape_configs: [{job_name: a}, {job_name: b, muster: {prometheus: 3.14}}]';
    expect(parse(source).jobs.map(({ prometheus }) => prometheus)).toEqual(['3.5', '3.14']);
  });

  test('said nowhere is the newest', () => {
    expect(parse('scrape_configs: [{job_name: a}]').jobs.map(({ prometheus }) => prometheus)).toEqual([
      undefined,
    ]);
  });
});

test('a version has what came before it and with it; the newest has everything', () => {
  const had = (['3.5', '3.11', '3.15', undefined] as const).map(
    (version) => prometheusVersions.filter((since) => hasSince(version, since)).length,
  );
  expect(had).toEqual([1, 7, 11, 11]);
  expect(prometheusVersion.parse('3.9')).toBe('3.9');
});

describe('a key that is newer than the version is an error, as in that Prometheus', () => {
  const job = (stanza: string, version = '3.5') =>
    `scrape_configs:\n- job_name: a\n  muster: {prometheus: ${version}}\n  ${stanza}`;

  test.each([
    ['attach_metadata: {namespace: true}', 'attach_metadata.namespace', '3.6'],
    ['attach_metadata: {deployment: true}', 'attach_metadata.deployment', '3.11'],
    ['attach_metadata: {job: true}', 'attach_metadata.job', '3.11'],
    ['attach_metadata: {cronjob: true}', 'attach_metadata.cronjob', '3.11'],
    ['selectors: [{role: pod}, {role: node}]', 'selectors[1]', '3.11'],
  ])('kubernetes %s', (keys, path, since) => {
    const source = (version: string) => job(`kubernetes_sd_configs: [{role: pod, ${keys}}]`, version);
    expect(problemsIn(source('3.5'), parse)).toEqual([
      expect.stringContaining(
        ` scrape_configs[0].kubernetes_sd_configs[0].${path}: came with Prometheus ${since}, and muster.prometheus is 3.5`,
      ),
    ]);
    expect(problemsIn(source(since), parse)).toEqual([]);
  });

  test('consul health_filter', () => {
    const source = (version: string) => job('consul_sd_configs: [{health_filter: a == b}]', version);
    expect(problemsIn(source('3.10'), parse)).toEqual([
      expect.stringContaining('[0].health_filter: came with Prometheus 3.11, and muster.prometheus is 3.10'),
    ]);
    expect(problemsIn(source('3.11'), parse)).toEqual([]);
  });

  test('keys that every version has are none', () => {
    const selectors = '[{role: pod}, {role: service}]';
    expect(
      problemsIn(
        job(
          `kubernetes_sd_configs: [{role: endpoints, attach_metadata: {node: true}, selectors: ${selectors}}]`,
        ),
        parse,
      ),
    ).toEqual([]);
  });

  test('the default of all jobs counts, and the job in it is named', () => {
    const source =
      'defaults: {prometheus: 3.5}\nscrape_configs:\n- {job_name: a, consul_sd_configs: [{}]}\n' +
      '- {job_name: b, consul_sd_configs: [{}, {server: "b:1", health_filter: x}]}';
    expect(problemsIn(source, parse)).toEqual([
      expect.stringContaining(' scrape_configs[1].consul_sd_configs[1].health_filter: came with'),
    ]);
  });
});
