import { describe, expect, test } from '@jest/globals';
import { marathonConfig } from '../../../lib/backends/marathon/index.ts';
import { inline, plainConfig } from '../../support/http-client.ts';

const servers = ['http://marathon:8080'];

describe('marathon_sd_configs', () => {
  test('servers alone will do', () => {
    expect(marathonConfig.parse({ servers })).toEqual({
      refresh_interval: 30_000,
      servers,
      http: plainConfig,
    });
  });

  test('a stanza with everything', () => {
    expect(
      marathonConfig.parse({
        servers: ['https://a/service/marathon/', 'https://b:8443'],
        refresh_interval: '2m',
        auth_token: 't0ken',
        follow_redirects: false,
      }),
    ).toEqual({
      refresh_interval: 120_000,
      servers: ['https://a/service/marathon', 'https://b:8443'],
      http: {
        ...plainConfig,
        follow_redirects: false,
        authorization: { type: 'token', separator: '=', credentials: inline('t0ken') },
      },
    });
  });

  test.each([
    [{ auth_token_file: 'token.txt' }, { from: 'file', path: 'token.txt' }],
    [{ auth_token_ref: 'ssm:/marathon/token' }, { from: 'ref', ref: 'ssm:/marathon/token' }],
  ])('the token of %j', (stanza, credentials) => {
    expect(marathonConfig.parse({ servers, ...stanza }).http.authorization).toEqual({
      type: 'token',
      separator: '=',
      credentials,
    });
  });

  test('an empty token is none, as in Prometheus', () => {
    const { http } = marathonConfig.parse({
      servers,
      auth_token: '',
      auth_token_file: '',
      bearer_token: 'b',
    });
    expect(http.authorization).toEqual({ type: 'Bearer', credentials: inline('b') });
  });

  test.each<[object, string[]]>([
    [{ servers: undefined }, ['servers: is required']],
    [{ servers: [] }, ['servers: must have one server at least']],
    [
      { servers: ['marathon:8080'] },
      ['servers.0: must be an http:// or https:// URL without credentials, query and fragment'],
    ],
    [{ server: 'http://a' }, [': unknown key, did you mean "servers"?']],
    [
      { auth_token: 'a', auth_token_file: 'b' },
      ['auth_token: at most one of auth_token, auth_token_file and auth_token_ref may be configured'],
    ],
    [{ auth_token: 'a', basic_auth: { username: 'u' } }, ['auth_token: cannot go with basic_auth']],
    [
      { auth_token_file: 'a', authorization: { credentials: 'c' } },
      ['auth_token_file: cannot go with authorization'],
    ],
    [{ auth_token_ref: 'env:A', bearer_token: 'b' }, ['auth_token_ref: cannot go with bearer_token']],
    [{ auth_token: 'a', bearer_token_file: 'b' }, ['auth_token: cannot go with bearer_token_file']],
    [{ auth_token: 'a', bearer_token_ref: 'env:B' }, ['auth_token: cannot go with bearer_token_ref']],
    [
      { auth_token: 'a', oauth2: { client_id: 'i', client_secret: 's', token_url: 'http://t' } },
      ['auth_token: cannot go with oauth2'],
    ],
  ])('%j is refused', (stanza, expected) => {
    const { error } = marathonConfig.safeParse({ servers, ...stanza });
    expect((error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(
      expected,
    );
  });
});
