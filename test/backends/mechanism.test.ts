import { expect, test } from '@jest/globals';
import {
  bindMechanism,
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
