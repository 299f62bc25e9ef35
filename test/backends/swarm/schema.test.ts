import { expect, test } from '@jest/globals';
import { swarmConfig } from '../../../lib/backends/swarm/index.ts';
import { inline, plainConfig } from '../../support/http-client.ts';

test('masters alone will do', () => {
  expect(swarmConfig.parse({ masters: ['http://10.0.0.1:3375'] })).toEqual({
    refresh_interval: 30_000,
    masters: ['http://10.0.0.1:3375'],
    metrics_port: 8070,
    http: plainConfig,
  });
});

test('a stanza with everything', () => {
  const stanza = {
    masters: ['https://a:3376/', 'https://b:3376/gate/', 'https://a:3376'],
    metrics_port: '9100',
    refresh_interval: '1m',
    basic_auth: { username: 'u', password: 'p' },
    tls_config: { server_name: 'swarm' },
  };
  expect(swarmConfig.parse(stanza)).toEqual({
    refresh_interval: 60_000,
    masters: ['https://a:3376', 'https://b:3376/gate'],
    metrics_port: 9100,
    http: {
      ...plainConfig,
      basic_auth: { username: inline('u'), password: inline('p') },
      tls_config: { server_name: 'swarm', insecure_skip_verify: false },
    },
  });
});

test.each<[object, string[]]>([
  [{}, ['masters: is required']],
  [{ masters: [] }, ['masters: must have one server at least']],
  [{ masters: 'http://a' }, ['masters: must be a list of URLs']],
  [
    { masters: ['http://a', 'tcp://b:2375'] },
    ['masters.1: must be an http:// or https:// URL without credentials, query and fragment'],
  ],
  [{ masters: ['http://a'], metrics_port: 0 }, ['metrics_port: must be a whole number from 1 to 65535']],
  [{ masters: ['http://a'], port: 1 }, [': unknown key']],
])('%j is refused', (stanza, expected) => {
  const { error } = swarmConfig.safeParse(stanza);
  expect((error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(expected);
});
