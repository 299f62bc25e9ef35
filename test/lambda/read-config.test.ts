import { expect, test } from '@jest/globals';
import { consul } from '../../lib/backends/consul/index.ts';
import { silentLogger } from '../../lib/base/logger.ts';
import { readFunctionConfig } from '../../lib/lambda/read-config.ts';

const input = {
  ...{ origin: 'muster.yml', store: 's3://bucket', directory: '/', log: silentLogger },
  readCredential: async () => '',
};

test('a function knows the names of all providers, also of those that it can not read', () => {
  const text = `
scrape_configs:
  - job_name: api
    consul_sd_configs: [{ server: a }, { server: b, muster: { name: consul-eu } }]
    dns_sd_configs: [{ names: [x], muster: { name: dns-eu } }, { names: [y], muster: { name: no } }]
    ec2_sd_configs: [{ muster: { name: ec2-eu } }, text, { muster: [] }]
`;
  const { providers, configured } = readFunctionConfig(text, consul, input);
  expect(providers.map(({ provider, server, identity }) => [provider, server, identity?.length])).toEqual([
    ['consul-0', 'http://a', 32],
    ['consul-eu', 'http://b', 32],
  ]);
  expect(configured.map(({ provider }) => provider).sort()).toEqual([
    'consul-0',
    'consul-eu',
    'dns-1',
    'dns-eu',
    'ec2-1',
    'ec2-2',
    'ec2-eu',
  ]);
});
