import { describe, expect, test } from '@jest/globals';
import {
  bindMechanism,
  discoverAs,
  type Mechanism,
  type MechanismInput,
  type SdConfig,
} from '../../lib/backends/mechanism.ts';
import { stringList, text } from '../../lib/config/fields.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { sdConfig } from '../../lib/config/sd-config.ts';

const names: Mechanism<SdConfig & { names: string[] }> = {
  name: 'names',
  configKey: 'names_sd_configs',
  schema: sdConfig('1m', { names: stringList() }),
  server: () => 'names.example',
  async *discover(config) {
    yield config.names.map((name) => ({ source: name, labels: {}, targets: [] }));
    return { cursor: 'next' };
  },
};

const one: Mechanism<SdConfig & { name: string }> = {
  name: 'one',
  configKey: 'one_sd_configs',
  schema: sdConfig('2m', { name: text() }),
  server: () => 'one.example',
  async *discover(config, { warn }) {
    warn(config.name);
    yield [];
    return undefined;
  },
};

test('mechanisms of different configurations stand side by side, each with its own', async () => {
  const { jobs } = parseConfig(
    'scrape_configs: [{job_name: a, names_sd_configs: [{names: [x, y]}], one_sd_configs: [{name: z}]}]',
    { mechanisms: [bindMechanism(names), bindMechanism(one)], directory: '/', origin: 'f' },
  );
  const warnings: string[] = [];
  const input: MechanismInput = {
    signal: new AbortController().signal,
    warn: (message) => warnings.push(message),
    openHttp: () => Promise.reject(new Error('not asked for')),
    readCredential: () => Promise.reject(new Error('not asked for')),
  };
  const providers = jobs.flatMap((job) => job.providers);
  const listed = await Promise.all(
    providers.map(async ({ name, stanza }) => [
      name,
      stanza.config.refresh_interval,
      await Array.fromAsync(stanza.discover(input)),
    ]),
  );
  expect([listed, warnings]).toEqual([
    [
      ['names-0', 60_000, [['x', 'y'].map((source) => ({ source, labels: {}, targets: [] }))]],
      ['one-0', 120_000, [[]]],
    ],
    ['z'],
  ]);
});

describe('a wanted version of Prometheus', () => {
  const grown: Mechanism<SdConfig> = {
    name: 'aws',
    configKey: 'aws_sd_configs',
    schema: sdConfig('1m', {}),
    labelsSince: { new_label: '3.11', new_prefix_: '3.12' },
    server: () => 'aws.example',
    async *discover(_config, { prometheus }) {
      const labels = { old: '1', new_label: '2', new_label_: '3', new_prefix_a: '4', new_prefix_b: '5' };
      yield [{ source: `${prometheus}`, labels, targets: [labels, { new_prefix_c: '6', old: '7' }] }];
      return { cursor: 'next' };
    },
  };

  const list = async (prometheus: '3.5' | '3.11' | undefined) => {
    const input = { signal: new AbortController().signal, warn: () => undefined, prometheus };
    const listing = discoverAs(grown, grown.schema.parse({}), {
      ...input,
      openHttp: () => Promise.reject(new Error('not asked for')),
      readCredential: () => Promise.reject(new Error('not asked for')),
    });
    const { value } = await listing.next();
    return [value, (await listing.next()).value];
  };

  test('has no newer labels, of groups and of targets; the mechanism is told the version', async () => {
    const old = { old: '1', new_label_: '3' };
    expect(await list('3.5')).toEqual([
      [{ source: '3.5', labels: old, targets: [old, { old: '7' }] }],
      { cursor: 'next' },
    ]);
    const both = { ...old, new_label: '2' };
    expect(await list('3.11')).toEqual([
      [{ source: '3.11', labels: both, targets: [both, { old: '7' }] }],
      { cursor: 'next' },
    ]);
  });

  test('that is the newest has all labels', async () => {
    const all = { old: '1', new_label: '2', new_label_: '3', new_prefix_a: '4', new_prefix_b: '5' };
    expect(await list(undefined)).toEqual([
      [{ source: 'undefined', labels: all, targets: [all, { new_prefix_c: '6', old: '7' }] }],
      { cursor: 'next' },
    ]);
  });

  test('that is older than the mechanism is an error', () => {
    const read = (version: string) =>
      parseConfig(`scrape_configs: [{job_name: a, aws_sd_configs: [{}], muster: {prometheus: ${version}}}]`, {
        mechanisms: [bindMechanism(grown)],
        directory: '/',
        origin: 'f',
      });
    expect(() => read('3.7')).toThrow(
      'scrape_configs[0].aws_sd_configs[0]: came with Prometheus 3.8, and muster.prometheus is 3.7',
    );
    expect(read('3.8').jobs).toHaveLength(1);
  });
});
