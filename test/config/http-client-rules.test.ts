import { describe, expect, test } from '@jest/globals';
import { httpClient } from '../../lib/config/http-client.ts';
import { problemsOf } from '../../lib/config/problem.ts';
import { tree } from './parsing.ts';

function problems(source: string): readonly string[] {
  const { error } = httpClient.safeParse(tree(source));
  return (error?.issues ?? [])
    .flatMap(problemsOf)
    .map(({ path, message }) => `${path.join('.')}: ${message}`);
}

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
    ['{authorization: {type: " BASIC"}}', ['authorization.type: cannot be "basic", use basic_auth instead']],
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
      ['no_proxy: no_proxy cannot go with proxy_from_environment, which brings its own'],
    ],
    [
      '{proxy_url: "http://h", proxy_from_environment: true}',
      ['proxy_from_environment: proxy_from_environment cannot go with proxy_url'],
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
        'http_headers.aUTHORIZATION: this header cannot be set here',
        'http_headers.host: this header cannot be set here',
        'http_headers.X-Amz-Date: this header cannot be set here',
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
