import { duration, nonEmptyText } from './fields.ts';
import { httpClientFields, httpClientRules } from './http-client.ts';
import { type Fields, section } from './section.ts';

/** The provider's name, as in `consul-eu`, below `muster` in its stanza. */
export const nameField = { name: nonEmptyText().optional() };

/** Muster's own keys of an SD config, to spread beside a mechanism's; Prometheus has no such keys. */
export const ownFields = { muster: section(nameField).optional() };

/**
 * The stanza of a mechanism: its own fields and those that every SD config has. `refresh` is the mechanism's default
 * `refresh_interval`, as in `sdConfig('30s', { names: stringList() })`.
 */
export function sdConfig<const F extends Fields>(refresh: string, fields: F) {
  return section({ refresh_interval: duration(refresh), ...fields });
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
