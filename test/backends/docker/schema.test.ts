import { describe, expect, test } from '@jest/globals';
import { dockerConfig } from '../../../lib/backends/docker/index.ts';
import { plainConfig } from '../../support/http-client.ts';

/** The problems of a stanza, each with the path of its key. */
function problems(stanza: object): string[] {
  const { error } = dockerConfig.safeParse(stanza);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const hosts = 'must be tcp://host:port, http://host:port, https://host:port or unix:///path';

describe('docker_sd_configs', () => {
  test('a host alone will do', () => {
    expect(dockerConfig.parse({ host: 'unix:///var/run/docker.sock' })).toEqual({
      refresh_interval: 60_000,
      host: { base: 'http://localhost', unixSocket: '/var/run/docker.sock', takesHttpOptions: false },
      port: 80,
      filters: [],
      host_networking_host: 'localhost',
      match_first_network: true,
      http: plainConfig,
    });
  });

  test('a stanza with everything', () => {
    const filters = [{ name: 'label', values: ['a', 'b=c'] }, { name: 'status' }];
    expect(
      dockerConfig.parse({
        host: 'https://docker.internal:2376/',
        port: '9323',
        filters,
        host_networking_host: 'node.example:9100',
        match_first_network: false,
        refresh_interval: '5m',
        follow_redirects: false,
      }),
    ).toEqual({
      refresh_interval: 300_000,
      host: { base: 'https://docker.internal:2376', takesHttpOptions: true },
      port: 9323,
      filters: [filters[0], { name: 'status', values: [] }],
      host_networking_host: 'node.example:9100',
      match_first_network: false,
      http: { ...plainConfig, follow_redirects: false },
    });
  });

  test.each([
    ['tcp://10.0.0.1:2375', { base: 'http://10.0.0.1:2375', takesHttpOptions: false }],
    [
      'tcp://[fd00::1]:2375/behind/gate/',
      { base: 'http://[fd00::1]:2375/behind/gate', takesHttpOptions: false },
    ],
    ['http://docker', { base: 'http://docker', takesHttpOptions: true }],
    ['unix://docker.sock', { base: 'http://localhost', unixSocket: 'docker.sock', takesHttpOptions: false }],
  ])('the host %s', (host, expected) => {
    expect(dockerConfig.parse({ host }).host).toEqual(expected);
  });

  test.each<[object, string[]]>([
    [{}, ['host: is required']],
    [{ host: '' }, [`host: ${hosts}`]],
    [{ host: '10.0.0.1:2375' }, [`host: ${hosts}`]],
    [{ host: 'npipe:////./pipe/docker_engine' }, [`host: ${hosts}`]],
    [{ host: 'ssh://docker' }, [`host: ${hosts}`]],
    [{ host: 'tcp://user:word@docker:2375' }, [`host: ${hosts}`]],
    [{ host: 'tcp://docker:2375?x' }, [`host: ${hosts}`]],
    [{ host: 'https:///docker' }, [`host: ${hosts}`]],
    [{ host: 'http://docker:port' }, [`host: ${hosts}`]],
    [{ host: 'unix://' }, [`host: ${hosts}`]],
    [{ host: 'tcp://d', port: 65_536 }, ['port: must be a whole number from 0 to 65535']],
    [{ host: 'tcp://d', filters: [{ values: ['a'] }] }, ['filters.0.name: is required']],
    [
      { host: 'tcp://d', filters: [{ name: 'a', value: 'b' }] },
      ['filters.0: unknown key, did you mean "values"?'],
    ],
    [{ host: 'tcp://d', role: 'nodes' }, [': unknown key']],
    [{ host: 'tcp://d', host_network_host: 'x' }, [': unknown key, did you mean "host_networking_host"?']],
  ])('%j is refused', (stanza, expected) => {
    expect(problems(stanza)).toEqual(expected);
  });
});
