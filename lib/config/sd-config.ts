import * as z from 'zod';
import { duration, leaf, nonEmptyText } from './fields.ts';
import { httpClientFields, httpClientRules } from './http-client.ts';
import { expected } from './problem.ts';
import { type Fields, section } from './section.ts';

/** The provider's name, as in `consul-eu`, below `muster` in its stanza. */
export const nameField = { name: nonEmptyText().optional() };

/** Muster's own keys of an SD config, to spread beside a mechanism's. Prometheus does not have them. */
export const ownFields = { muster: section(nameField).optional() };

/**
 * The stanza of a mechanism: its own fields and those that every SD config has. `refresh` is the mechanism's default
 * `refresh_interval`, as in `sdConfig('30s', { names: stringList() })`.
 */
export function sdConfig<const F extends Fields>(refresh: string, fields: F) {
  return section({ refresh_interval: refreshInterval(refresh), ...fields });
}

/** Milliseconds between two listings if `refresh_interval` is 0, which Prometheus accepts too. */
export const shortestRefresh = 1000;

function refreshInterval(byDefault: string): z.ZodType<number> {
  return duration(undefined, { zero: true })
    .transform((interval) => interval || shortestRefresh)
    .prefault(byDefault);
}

/** What `httpSdConfig` returns for these fields. */
export type HttpSdConfig<F extends Fields> = ReturnType<typeof sdConfig<F & typeof httpClientFields>>;

/**
 * The same with Prometheus's HTTP client options and their rules. Add the mechanism's rules with `.check(…)`, then
 * `.transform(withHttpClient)`, which gathers the options in `http`.
 */
export function httpSdConfig<const F extends Fields>(refresh: string, fields: F): HttpSdConfig<F>;
export function httpSdConfig(refresh: string, fields: Fields) {
  return sdConfig(refresh, { ...fields, ...httpClientFields }).check(...httpClientRules);
}

/**
 * Base URLs of equivalent servers, at least one, each once and without a `/` at its end, so that
 * a path can follow: `http://marathon.internal:8080/gate`.
 */
export function serverList() {
  return z
    .array(serverUrl, { error: ({ input }) => expected('a list of URLs', input) })
    .min(1, 'must have one server at least')
    .transform((servers) => [...new Set(servers)]);
}

/** One base URL. Credentials have keys of their own; a query or fragment would be lost when a path is added. */
export const serverUrl = leaf(
  'an http:// or https:// URL without credentials, query and fragment',
  (source) => {
    const parsed = URL.parse(source);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
    const { username, password, search, hash, origin, pathname } = parsed;
    return username + password + search + hash === '' ? origin + pathname.replace(/\/+$/, '') : undefined;
  },
);
