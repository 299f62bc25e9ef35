import { MusterError } from '../base/errors.ts';
import type { HttpClientConfig } from '../config/http-client.ts';
import type { Credential } from '../config/secret.ts';
import type { HeaderValues } from './connections.ts';
import { basicOfUrl, decoded } from './proxy.ts';
import type { ReadText } from './tls.ts';
import type { Redactor } from './url-text.ts';

/** The value of Authorization for a request; undefined if the configuration has no credentials. */
export type Authorize = (signal: AbortSignal) => Promise<string | undefined>;

/** Headers that the configuration adds to every request. */
export interface ConfiguredHeaders {
  readonly userAgent: string;
  readonly extra: HeaderValues;
}

/** Reads `basic_auth` or `authorization`, and remembers their values as secrets. `oauth2` is not read here. */
export async function readAuthorization(
  config: HttpClientConfig,
  readText: ReadText,
  redactor: Redactor,
): Promise<string | undefined> {
  const { basic_auth: basic, authorization } = config;
  const read = async (credential: Credential | undefined, key: string) =>
    credential === undefined ? '' : await readText(credential, key);
  if (basic) {
    const username = await read(basic.username, 'basic_auth.username');
    const password = await read(basic.password, 'basic_auth.password');
    const value = Buffer.from(`${username}:${password}`).toString('base64');
    redactor.learn(password);
    redactor.learn(value);
    return `Basic ${value}`;
  }
  if (authorization === undefined) return undefined;
  const credentials = await read(authorization.credentials, 'authorization.credentials');
  redactor.learn(credentials);
  return `${authorization.type}${authorization.separator ?? ' '}${credentials}`.trim();
}

/**
 * Reads headers with several values, and remembers them as secrets. `key` is their key in the configuration. Throws
 * what the credential reader throws, and kind `config` for a value with a control character.
 */
export async function readHeaders(
  headers: Readonly<Record<string, readonly Credential[]>>,
  key: string,
  readText: ReadText,
  redactor: Redactor,
): Promise<HeaderValues> {
  const entries: [string, string[]][] = [];
  for (const [name, credentials] of Object.entries(headers)) {
    const values: string[] = [];
    for (const credential of credentials) {
      const value = await readText(credential, `${key}.${name}`);
      redactUnlessWord(value, redactor);
      values.push(headerText(value, `${key}.${name}`));
    }
    entries.push([name, values]);
  }
  return Object.fromEntries(entries);
}

/**
 * All headers of a request, names in lower case: the request's own, which win over the defaults, then the configured
 * ones, which are added to them. `authorization` does not replace an existing header. Throws kind `config` for a value
 * with a control character.
 */
export function requestHeaders(
  own: Readonly<Record<string, string>>,
  configured: ConfiguredHeaders,
  authorization: string | undefined,
): Record<string, string[]> {
  const headers = new Map([
    ['accept-encoding', ['identity']],
    ['user-agent', [configured.userAgent]],
  ]);
  for (const [name, value] of Object.entries(own)) headers.set(name.toLowerCase(), [headerText(value, name)]);
  for (const [name, values] of Object.entries(configured.extra)) {
    const lower = name.toLowerCase();
    headers.set(lower, [...(headers.get(lower) ?? []), ...values]);
  }
  if (authorization !== undefined && !headers.has('authorization'))
    headers.set('authorization', [headerText(authorization, 'the credentials')]);
  return Object.fromEntries(headers);
}

/** `Basic …` of the URL's own user name and password, as Go sends it; undefined if it has none. */
export function urlAuthorization(url: URL, redactor: Redactor): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const value = basicOfUrl(url);
  redactor.learn(decoded(url.password));
  redactor.learn(value.slice('Basic '.length));
  return value;
}

const secretName = /token|auth|key|secret|passw|cookie|credential/i;

/** Remembers the values of headers and of the query as secrets, if their names are those of secrets. */
export function learnRequestSecrets(
  url: URL,
  own: Readonly<Record<string, string>>,
  redactor: Redactor,
): void {
  for (const [name, value] of [...Object.entries(own), ...url.searchParams])
    if (secretName.test(name)) redactUnlessWord(value.replace(/^(?:bearer|basic)\s+/i, ''), redactor);
}

/**
 * Hides a value that may be a secret or a plain word. A short value is not a secret, and hiding it would blank
 * messages.
 */
export function redactUnlessWord(value: string, redactor: Redactor): void {
  if (value.length >= 4) redactor.learn(value);
}

/** The text as a header's value: UTF-8 bytes, one character each, as Go writes them; no control characters. */
function headerText(value: string, name: string): string {
  if (/[^\P{Cc}\t]/u.test(value))
    throw new MusterError('config', `${name}: holds a control character, which a header cannot carry`);
  return Buffer.from(value, 'utf8').toString('latin1');
}
