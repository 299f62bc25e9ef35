import { bool, nonEmptyText, stringList, stringMap, text } from '../../lib/config/fields.ts';
import { withHttpClient } from '../../lib/config/http-client.ts';
import { parseConfig } from '../../lib/config/load.ts';
import { ConfigError, formatProblems } from '../../lib/config/problem.ts';
import { httpSdConfig, sdConfig } from '../../lib/config/sd-config.ts';
import { readYaml } from '../../lib/config/yaml-document.ts';

/** A mechanism with an HTTP client, and one without. */
export const mechanisms = [
  {
    name: 'consul',
    configKey: 'consul_sd_configs',
    schema: httpSdConfig('30s', {
      server: nonEmptyText('localhost:8500'),
      datacenter: text().optional(),
      allow_stale: bool(true),
      node_meta: stringMap(),
    })
      .transform(withHttpClient)
      .transform((stanza) => ({ stanza })),
  },
  {
    name: 'dns',
    configKey: 'dns_sd_configs',
    schema: sdConfig('30s', { names: stringList() }).transform((stanza) => ({ stanza })),
  },
];

/** The configuration of the text, read with these mechanisms in the folder `/etc/muster`. */
export function parse(source: string) {
  return parseConfig<unknown>(source, { mechanisms, directory: '/etc/muster', origin: 'muster.yml' });
}

/** Line, column, path and message of each problem of a text; none when it is right. */
export function problemsIn(source: string, read: (source: string) => unknown = parse): readonly string[] {
  try {
    read(source);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return formatProblems('', error.problems)
      .split('\n')
      .map((line) => line.slice(1));
  }
}

/** The tree of a YAML text, as schemas get it. */
export function tree(source: string): unknown {
  return readYaml(source).value;
}
