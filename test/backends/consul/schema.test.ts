import { describe, expect, test } from '@jest/globals';
import { consulConfig } from '../../../lib/backends/consul/schema.ts';
import { inline, plainConfig } from '../../support/http-client.ts';

/** The problems of a stanza, each with the path of its key. */
function problems(stanza: object): string[] {
  const { error } = consulConfig.safeParse(stanza);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('consul_sd_configs', () => {
  test('an empty stanza is as Prometheus has it', () => {
    expect(consulConfig.parse({})).toEqual({
      refresh_interval: 30_000,
      address: { base: 'http://localhost:8500' },
      datacenter: '',
      namespace: '',
      partition: '',
      services: [],
      tags: [],
      node_meta: {},
      filter: '',
      health_filter: '',
      tag_separator: ',',
      allow_stale: true,
      http: plainConfig,
    });
  });

  test('a stanza with everything', () => {
    const own = {
      datacenter: 'eu',
      namespace: 'team',
      partition: 'edge',
      services: ['web'],
      tags: ['prod'],
      node_meta: { zone: 'a' },
      filter: 'f',
      health_filter: 'h',
      tag_separator: '',
      allow_stale: false,
    };
    const stanza = {
      ...own,
      server: 'https://c:8501/gate',
      refresh_interval: '5m',
      token: 't0ken',
      username: 'me',
      password: 'word',
      follow_redirects: false,
    };
    expect(consulConfig.parse(stanza)).toEqual({
      ...own,
      refresh_interval: 300_000,
      address: { base: 'https://c:8501/gate' },
      http: {
        ...plainConfig,
        follow_redirects: false,
        basic_auth: { username: inline('me'), password: inline('word') },
        http_headers: { 'X-Consul-Token': [inline('t0ken')] },
      },
    });
  });

  test.each([
    [{ token_file: 'token.txt' }, { from: 'file', path: 'token.txt' }],
    [{ token_ref: 'ssm:/consul/token' }, { from: 'ref', ref: 'ssm:/consul/token' }],
  ])('the token of %j', (stanza, credential) => {
    expect(consulConfig.parse(stanza).http.http_headers).toEqual({ 'X-Consul-Token': [credential] });
  });

  test.each<[object, string[]]>([
    [{ server: ' ' }, ['server: must be text that is not empty']],
    [
      { server: 'tcp://c:8500' },
      ['server: must be host:port, http://host:port/prefix, https://host:port/prefix or unix:///path'],
    ],
    [{ scheme: 'ftp' }, ['scheme: must be http or https']],
    [{ datacentre: 'eu' }, [': unknown key, did you mean "datacenter"?']],
    [
      { token: 'a', token_file: 'b' },
      ['token: at most one of token, token_file and token_ref may be configured'],
    ],
    [
      { token: 'a', authorization: { credentials: 'b' } },
      ['token: at most one of token, authorization and oauth2 may be configured'],
    ],
    [
      { token_ref: 'env:TOKEN', authorization: { credentials: 'b' } },
      ['token_ref: at most one of token_ref, authorization and oauth2 may be configured'],
    ],
    [
      { password: 'a', basic_auth: { username: 'b' } },
      ['password: at most one of password and basic_auth may be configured'],
    ],
  ])('%j is refused', (stanza, expected) => {
    expect(problems(stanza)).toEqual(expected);
  });
});
