import { describe, expect, test } from '@jest/globals';
import { type HttpClientConfig, httpClient, isDefaultHttpClient } from '../../lib/config/http-client.ts';
import { Secret } from '../../lib/config/secret.ts';
import { tree } from './parsing.ts';

const byDefault: HttpClientConfig = {
  tls_config: { insecure_skip_verify: false },
  follow_redirects: true,
  enable_http2: true,
  http_headers: {},
  proxy_from_environment: false,
  proxy_connect_header: {},
};

/** Secrets as their texts: a Secret equals any other. */
function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (value instanceof URL) return value.href;
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]));
}

const inline = (secret: string) => ({ from: 'inline', secret });
const file = (path: string) => ({ from: 'file', path });
const ref = (text: string) => ({ from: 'ref', ref: text });

describe('HTTP client options', () => {
  test.each<[string, string, unknown]>([
    ['nothing', '{}', {}],
    [
      'basic_auth',
      'basic_auth: {username: u, password: 0123}',
      { basic_auth: { username: inline('u'), password: inline('0123') } },
    ],
    [
      'basic_auth from files',
      'basic_auth: {username_file: u, password_file: p}',
      { basic_auth: { username: file('u'), password: file('p') } },
    ],
    [
      'basic_auth by reference',
      'basic_auth: {username_ref: env:U, password_ref: ssm:/p}',
      { basic_auth: { username: ref('env:U'), password: ref('ssm:/p') } },
    ],
    ['basic_auth of nothing', 'basic_auth: {}', { basic_auth: {} }],
    ['basic_auth without a value', 'basic_auth:', {}],
    [
      'authorization',
      'authorization: {credentials: c}',
      { authorization: { type: 'Bearer', credentials: inline('c') } },
    ],
    [
      'another type of authorization',
      'authorization: {type: " Token ", credentials_file: c}',
      { authorization: { type: 'Token', credentials: file('c') } },
    ],
    [
      'authorization by reference',
      'authorization: {credentials_ref: "secretsmanager:a/b#c"}',
      { authorization: { type: 'Bearer', credentials: ref('secretsmanager:a/b#c') } },
    ],
    ['bearer_token', 'bearer_token: t', { authorization: { type: 'Bearer', credentials: inline('t') } }],
    [
      'bearer_token_file',
      'bearer_token_file: t',
      { authorization: { type: 'Bearer', credentials: file('t') } },
    ],
    [
      'bearer_token_ref',
      'bearer_token_ref: env:T',
      { authorization: { type: 'Bearer', credentials: ref('env:T') } },
    ],
    [
      'an empty bearer_token',
      'bearer_token: ""\nbearer_token_file: t',
      { authorization: { type: 'Bearer', credentials: file('t') } },
    ],
    [
      'redirects and HTTP/2 off',
      '{follow_redirects: false, enable_http2: false}',
      { follow_redirects: false, enable_http2: false },
    ],
    [
      'tls_config',
      'tls_config: {ca_file: ca, cert: c, key_ref: ssm:/k, server_name: s, insecure_skip_verify: true, min_version: TLS12, max_version: TLS12}',
      {
        tls_config: {
          ca: file('ca'),
          cert: inline('c'),
          key: ref('ssm:/k'),
          server_name: 's',
          insecure_skip_verify: true,
          min_version: 'TLS12',
          max_version: 'TLS12',
        },
      },
    ],
    [
      'proxy_url',
      '{proxy_url: "http://u:p@h:1", no_proxy: a}',
      { proxy_url: 'http://u:p@h:1/', no_proxy: 'a' },
    ],
    [
      'proxy_from_environment',
      '{proxy_from_environment: true, proxy_url: ""}',
      { proxy_from_environment: true },
    ],
    [
      'proxy_connect_header',
      'proxy_url: http://h\nproxy_connect_header: {A: [b, 01]}',
      { proxy_url: 'http://h/', proxy_connect_header: { A: [inline('b'), inline('01')] } },
    ],
    [
      'http_headers, in the order of Prometheus, references last',
      'http_headers: {X-A: {refs: [env:R], files: [f], secrets: [s], values: [v, 1]}}',
      { http_headers: { 'X-A': [inline('v'), inline('1'), inline('s'), file('f'), ref('env:R')] } },
    ],
  ])('%s', (_, source, expected) => {
    expect(revealed(httpClient.parse(tree(source)))).toEqual({ ...byDefault, ...Object(expected) });
  });

  test('oauth2 with its defaults', () => {
    const { oauth2 } = httpClient.parse(
      tree('oauth2: {client_id: 1, client_secret: s, token_url: https://a/t}'),
    );
    expect(revealed(oauth2)).toEqual({
      client_id: '1',
      client_secret: inline('s'),
      grant_type: 'client_credentials',
      signature_algorithm: 'RS256',
      claims: {},
      scopes: [],
      token_url: 'https://a/t',
      endpoint_params: {},
      tls_config: { insecure_skip_verify: false },
      proxy_from_environment: false,
      proxy_connect_header: {},
    });
  });

  test('oauth2 with all of its keys', () => {
    const source = `
oauth2:
  client_id: id
  client_certificate_key_id: kid
  client_certificate_key_file: key.pem
  grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer
  signature_algorithm: RS512
  iss: i
  audience: a
  claims: {sub: x, level: 3, nested: [true]}
  scopes: [s]
  token_url: https://a/t
  endpoint_params: {p: 1}
  tls_config: {ca_file: ca}
  proxy_url: http://h
  no_proxy: n
`;
    expect(revealed(httpClient.parse(tree(source)).oauth2)).toEqual({
      client_id: 'id',
      client_certificate_key_id: 'kid',
      client_certificate_key: file('key.pem'),
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      signature_algorithm: 'RS512',
      iss: 'i',
      audience: 'a',
      claims: { sub: 'x', level: 3, nested: [true] },
      scopes: ['s'],
      token_url: 'https://a/t',
      endpoint_params: { p: '1' },
      tls_config: { ca: file('ca'), insecure_skip_verify: false },
      proxy_url: 'http://h/',
      no_proxy: 'n',
      proxy_from_environment: false,
      proxy_connect_header: {},
    });
  });

  test('an untouched client is known as such', () => {
    const sources = [
      '{}',
      'follow_redirects: true\ntls_config: {}',
      'tls_config: {ca: x}',
      'bearer_token: x',
    ];
    expect(sources.map((source) => isDefaultHttpClient(httpClient.parse(tree(source))))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
