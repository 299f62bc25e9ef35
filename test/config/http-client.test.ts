import { describe, expect, test } from '@jest/globals';
import { type HttpClientConfig, httpClient, isDefaultHttpClient } from '../../lib/config/http-client.ts';
import { Secret } from '../../lib/config/secret.ts';
import { problemsOf } from '../../lib/config/zod-problems.ts';
import { tree } from './parsing.ts';

const byDefault: HttpClientConfig = {
  tls_config: { insecure_skip_verify: false },
  follow_redirects: true,
  enable_http2: true,
  http_headers: {},
  proxy_from_environment: false,
  proxy_connect_header: {},
};

function problems(source: string): readonly string[] {
  const { error } = httpClient.safeParse(tree(source));
  return (error?.issues ?? [])
    .flatMap(problemsOf)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

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

const oauth2 = 'client_id: a, token_url: https://a';
const aReference = 'must be a reference: env:NAME, ssm:/path or secretsmanager:name#field';
const oneWay =
  'at most one of authorization, basic_auth, oauth2, bearer_token, bearer_token_file and bearer_token_ref may be configured';

describe('HTTP client options that contradict each other', () => {
  test.each<[string, readonly string[]]>([
    [
      '{basic_auth: {username: a, username_file: b}}',
      ['basic_auth.username: at most one of username, username_file and username_ref may be configured'],
    ],
    [
      '{basic_auth: {password_file: a, password_ref: env:B}}',
      ['basic_auth.password_file: at most one of password, password_file and password_ref may be configured'],
    ],
    [
      '{authorization: {credentials: a, credentials_file: b}}',
      [
        'authorization.credentials: at most one of credentials, credentials_file and credentials_ref may be configured',
      ],
    ],
    ['{authorization: {type: " BASIC"}}', ['authorization.type: can not be "basic", use basic_auth instead']],
    ['{bearer_token: a, bearer_token_file: b}', [`bearer_token: ${oneWay}`]],
    ['{basic_auth: {}, bearer_token: b}', [`basic_auth: ${oneWay}`]],
    ['{basic_auth: {}, authorization: {}}', [`authorization: ${oneWay}`]],
    [`{basic_auth: {}, oauth2: {${oauth2}}}`, [`basic_auth: ${oneWay}`]],
    [`{authorization: {}, oauth2: {${oauth2}}}`, [`authorization: ${oneWay}`]],
    [`{bearer_token_ref: env:T, oauth2: {${oauth2}}}`, [`oauth2: ${oneWay}`]],
    ['{bearer_token_ref: T}', [`bearer_token_ref: ${aReference}`]],
    ['{oauth2: {}}', ['oauth2.client_id: is required', 'oauth2.token_url: is required']],
    [
      `{oauth2: {${oauth2}, client_secret: a, client_secret_file: b}}`,
      [
        'oauth2.client_secret: at most one of client_secret, client_secret_file and client_secret_ref may be configured',
      ],
    ],
    [
      `{oauth2: {${oauth2}, grant_type: password}}`,
      ['oauth2.grant_type: must be client_credentials or urn:ietf:params:oauth:grant-type:jwt-bearer'],
    ],
    [
      `{oauth2: {${oauth2}, signature_algorithm: HS256}}`,
      ['oauth2.signature_algorithm: must be RS256, RS384 or RS512'],
    ],
    [
      `{oauth2: {${oauth2}, grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer"}}`,
      [
        'oauth2.grant_type: this grant needs one of client_certificate_key, client_certificate_key_file and client_certificate_key_ref',
      ],
    ],
    [
      `{oauth2: {${oauth2}, no_proxy: a, tls_config: {cert: b}}}`,
      [
        'oauth2.tls_config.cert: a client certificate needs its key: one of key, key_file and key_ref',
        'oauth2.no_proxy: no_proxy needs proxy_url',
      ],
    ],
    [
      '{tls_config: {ca: a, ca_file: b}}',
      ['tls_config.ca: at most one of ca, ca_file and ca_ref may be configured'],
    ],
    [
      '{tls_config: {cert: a, cert_file: b, key: c, key_ref: env:D}}',
      [
        'tls_config.cert: at most one of cert, cert_file and cert_ref may be configured',
        'tls_config.key: at most one of key, key_file and key_ref may be configured',
      ],
    ],
    [
      '{tls_config: {cert_file: a}}',
      ['tls_config.cert_file: a client certificate needs its key: one of key, key_file and key_ref'],
    ],
    [
      '{tls_config: {key_file: a}}',
      ['tls_config.key_file: a client key needs its certificate: one of cert, cert_file and cert_ref'],
    ],
    [
      '{tls_config: {min_version: TLS13, max_version: TLS12}}',
      ['tls_config.max_version: max_version must not be older than min_version'],
    ],
    ['{tls_config: {min_version: SSL3}}', ['tls_config.min_version: must be TLS10, TLS11, TLS12 or TLS13']],
    ['{no_proxy: a}', ['no_proxy: no_proxy needs proxy_url']],
    [
      '{no_proxy: a, proxy_from_environment: true}',
      ['no_proxy: no_proxy can not go with proxy_from_environment, which brings its own'],
    ],
    [
      '{proxy_url: "http://h", proxy_from_environment: true}',
      ['proxy_from_environment: proxy_from_environment can not go with proxy_url'],
    ],
    ...['socks5://h', 'h:1', 'http://u:1#2@h', 'http://u:1/2@h', 'http://u:1?2@h'].map(
      (url): [string, readonly string[]] => [
        `{proxy_url: "${url}"}`,
        ['proxy_url: must be http://host:port or https://host:port, with # / ? in a password as %23 %2F %3F'],
      ],
    ),
    [
      '{proxy_connect_header: {A: [b]}}',
      ['proxy_connect_header: proxy_connect_header needs proxy_url or proxy_from_environment'],
    ],
    [
      '{proxy_url: "http://h", proxy_connect_header: {"A b": [c], D: [c]}}',
      ['proxy_connect_header.A b: is not the name of a header'],
    ],
    ['{http_headers: {X: [a]}}', ['http_headers.X: must be a mapping']],
    ['{http_headers: {X: }}', ['http_headers.X: is empty, must be a mapping']],
    ['{http_headers: {X: {value: [a]}}}', ['http_headers.X.value: unknown key, did you mean "values"?']],
    ['{http_headers: {"X:": {values: [a]}}}', ['http_headers.X:: is not the name of a header']],
    [
      '{http_headers: {X: {values: ["a\\r\\nB: c"], files: [""], refs: [a]}}}',
      [
        'http_headers.X.values.0: must be a header value without control characters',
        'http_headers.X.files.0: must be the path of a file',
        `http_headers.X.refs.0: ${aReference}`,
      ],
    ],
    [
      '{http_headers: {aUTHORIZATION: {values: [a]}, host: {}, X-Amz-Date: {}}}',
      [
        'http_headers.aUTHORIZATION: this header can not be set here',
        'http_headers.host: this header can not be set here',
        'http_headers.X-Amz-Date: this header can not be set here',
      ],
    ],
  ])('%s', (source, expected) => {
    expect(problems(source)).toEqual(expected);
  });

  test('all contradictions are told at once', () => {
    expect(
      problems(
        '{basic_auth: {}, bearer_token: a, no_proxy: b, proxy_connect_header: {A: [b]}, follow_redirects: 3, enable_http: 1}',
      ),
    ).toEqual([
      'follow_redirects: must be true or false',
      'enable_http: unknown key, did you mean "enable_http2"?',
      `basic_auth: ${oneWay}`,
      'no_proxy: no_proxy needs proxy_url',
      'proxy_connect_header: proxy_connect_header needs proxy_url or proxy_from_environment',
    ]);
  });
});
