import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../../lib/config/problem.ts';
import { draws } from '../support/counts.ts';
import { parse } from './parsing.ts';

const canary = 'canary9f3c';

/** SD configs with every credential field there is; `@@` stands for the secret. */
const stanzas = [
  'basic_auth: {username: @@, password: @@}',
  'authorization: {type: Bearer, credentials: @@}',
  'bearer_token: @@',
  'tls_config: {ca: @@, cert: @@, key: @@}',
  'oauth2: {client_id: a, client_secret: @@, token_url: "https://a/t", tls_config: {ca: @@, cert: @@, key: @@}, proxy_url: "http://@@:@@@a", proxy_connect_header: {X: [@@]}}',
  'oauth2: {client_id: a, client_certificate_key: @@, grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", token_url: "https://a/t"}',
  '{proxy_url: "https://@@:@@@a:1/", proxy_connect_header: {Proxy-Authorization: [@@, @@]}}',
  'http_headers: {X-Token: {values: [@@], secrets: [@@]}}',
].map((keys) => (keys.startsWith('{') ? keys : `{${keys}}`));

const config = (stanza: string) =>
  `scrape_configs:\n  - job_name: a\n    consul_sd_configs:\n      - ${stanza}\n`;

/** Everything that a logger, a page or a careless template could make of the value. */
function shown(value: unknown): string {
  const json = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}` : inner));
  const texts: string[] = [];
  const visit = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null) return;
    texts.push(String(inner));
    for (const next of Object.values(inner)) visit(next);
  };
  visit(value);
  return [json, inspect(value, { depth: null, showHidden: true }), ...texts].join('\n');
}

/** What is shown of the configuration, or of the error that refuses it. */
function outcome(source: string): { readonly valid: boolean; readonly shown: string } {
  try {
    return { valid: true, shown: shown(parse(source)) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return {
      valid: false,
      shown: [shown(error), shown(error.problems), error.message, error.stack].join('\n'),
    };
  }
}

describe('a secret is never shown', () => {
  test.each(stanzas)('by a configuration with %s', (stanza) => {
    const { valid, shown } = outcome(config(stanza.replaceAll('@@', canary)));
    expect([valid, shown.includes('server'), shown.includes(canary)]).toEqual([true, true, false]);
  });

  // What people do to a secret: forget the quotes, the space, the colon, the list, or put it one level too high.
  const slips = [
    '*@@',
    '!@@',
    '&@@',
    '%@@',
    '`@@',
    '"@@',
    "'@@",
    '[@@',
    '{@@',
    '@@: x',
    '{@@: x}',
    '[@@]',
    '[[@@]]',
    '@@: {',
    '|@@',
    '"\\q@@"',
    '"@@\\r\\n"',
    '~ @@',
    '? @@',
    '- @@',
    '<<: @@',
    '!!int @@',
    '!!binary @@',
    '"\\uD800@@"',
  ];

  test.each(slips)('by a refusal of the value %s', (slip) => {
    for (const stanza of stanzas) {
      const source = config(stanza.replace('@@', slip)).replaceAll('@@', canary);
      expect([source, outcome(source).shown.includes(canary)]).toEqual([source, false]);
    }
  });

  test.each([
    '{bearer_token:@@}',
    '{basic_auth: {password:@@}}',
    '{basic_auth: {password@@}}',
    '{basic_auth: {password @@}}',
    '{basic_auth: {username, @@}}',
    '{basic_auth: {password=@@}}',
    '{basic_auth: @@}',
    '{basic_auth: [@@]}',
    '{tls_config: @@, authorization: @@, oauth2: @@, http_headers: @@, proxy_connect_header: @@}',
    '{basic_auth: {username_ref: @@, password_ref: "ssm: @@"}}',
    '{http_headers: {X: @@}}',
    '{http_headers: {X: {refs: [@@], values: {a: @@}}}}',
    '{proxy_url: "@@"}',
    '{proxy_url: "socks5://u:@@@h"}',
    '{proxy_url: "http://u:@@@h:port"}',
    '{oauth2: {token_url: "https://u:@@@h"}}',
    '{follow_redirects: @@, refresh_interval: @@, server: [@@], allow_stale: @@, node_meta: @@}',
    '{tls_config: {min_version: @@, insecure_skip_verify: @@}}',
    '{oauth2: {grant_type: @@, signature_algorithm: @@, scopes: @@, token_url: @@}}',
    '{bearer_tokn: @@}',
    '@@',
  ])('by a refusal of %s', (stanza) => {
    const { valid, shown } = outcome(config(stanza).replaceAll('@@', canary));
    expect([valid, shown.includes(canary)]).toEqual([false, false]);
  });

  test('by whatever becomes of a file that was cut or mistyped', () => {
    // Without the proxy's password: with its @ gone it is the proxy's host, and hosts are shown.
    const lines = stanzas.map((stanza) => stanza.replace('@@:@@@', ''));
    const files = lines.map((stanza) =>
      config(`\n        ${stanza.slice(1, -1).replaceAll(', ', ',\n          ')}`),
    );
    const noise = fc.constantFrom(
      '',
      ' ',
      '\n',
      '"',
      "'",
      ':',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '#',
      '*',
      '&',
      '!',
      '\t',
      '- ',
      '|',
      '\\',
      '<<: ',
      ', ',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...lines.map(config), ...files),
        fc.nat(),
        fc.nat(4),
        noise,
        (file, at, drop, text) => {
          const marked = file.replaceAll('@@', '\u0001');
          const place = at % marked.length;
          const broken = marked.slice(0, place) + text + marked.slice(place + drop);
          const source = broken.replaceAll('\u0001', canary);
          expect([source, outcome(source).shown.includes(canary)]).toEqual([source, false]);
        },
      ),
      { numRuns: draws(300) },
    );
  });
});
