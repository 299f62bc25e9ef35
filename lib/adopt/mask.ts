import { isMapping, scalarText } from '../config/scalar.ts';

/** Keys whose value is a secret, in SD configs and elsewhere. Source: the configuration reference of Prometheus. */
const secretKeys = [
  'password',
  'credentials',
  'bearer_token',
  'client_secret',
  'client_certificate_key',
  'token',
  'auth_token',
  'key',
  'secret_key',
  'access_key',
  'application_credential_secret',
  'application_secret',
  'consumer_key',
  'subscription_key',
];

/** Shorter ones could be a part of any word: they are looked for behind their key alone. */
const unmistakable = 6;

/** Shows a line of a configuration without the secrets that stand in its value. */
export function maskSecrets(values: readonly unknown[]): (line: string) => string {
  const secrets = [...new Set(values.flatMap(secretsIn))]
    .flatMap((secret) => secret.split('\n'))
    .filter((secret) => secret.trim().length >= unmistakable)
    .toSorted((a, b) => b.length - a.length);
  return (line) => {
    const shown = secrets.reduce((text, secret) => text.replaceAll(secret.trim(), mask), line);
    return shown.replace(behindKey, `$1${mask}`).replace(inUrl, `$1${mask}@`);
  };
}

const mask = '<secret>';

const behindKey = new RegExp(
  `((?:^|[\\s{,])["']?(?:${secretKeys.join('|')})["']?\\s*:\\s+|"(?:${secretKeys.join('|')})":)(?![\\s{[&*|>#]|<secret>)` +
    `(?:"(?:[^"\\\\]|\\\\.)*"|'(?:[^']|'')*'|[^\\s}#][^}#]*?(?=\\s*(?:,\\s|[}#]|$)))`,
  'g',
);

const inUrl = /([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:)[^\s/@]+@/gi;

function secretsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(secretsIn);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const text = scalarText(part);
    if (text !== undefined) return secretKeys.includes(key) ? [text] : [];
    if (key === 'secrets' && Array.isArray(part)) return part.flatMap((item) => scalarText(item) ?? []);
    return secretsIn(part);
  });
}
