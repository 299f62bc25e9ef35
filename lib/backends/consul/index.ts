import { MusterError } from '../../errors.ts';
import { mapConcurrent } from '../../http/concurrency.ts';
import type { Mechanism, MechanismInput } from '../mechanism.ts';
import { type ConsulClient, canBeAskedFor, openConsul } from './client.ts';
import { buildServiceGroup } from './groups.ts';
import { type ConsulConfig, consulConfig } from './schema.ts';

/** Service calls under way at once. */
const concurrency = 16;
/** Services whose groups are handed on together: a huge catalog is never held whole. */
const batchSize = 256;

/** Instances of Consul's services with their health: a group for each service that has any. */
export const consul: Mechanism<ConsulConfig> = {
  name: 'consul',
  configKey: 'consul_sd_configs',
  schema: consulConfig,
  incidental: ['allow_stale', 'tag_separator'],
  server: ({ address: { base, unixSocket } }) => (unixSocket === undefined ? base : `unix://${unixSocket}`),
  async *discover(config, input) {
    const { base, unixSocket } = config.address;
    const http = await input.openHttp(config.http, unixSocket === undefined ? {} : { unixSocket });
    const client = openConsul(http, config);
    const datacenter = config.datacenter || (await client.datacenter(input.signal));
    const services = await listServices(client, config, input);
    const context = { datacenter, tagSeparator: config.tag_separator };

    const hidden: string[] = [];
    let read = 0;
    for (let start = 0; start < services.length; start += batchSize) {
      const batch = services.slice(start, start + batchSize);
      const groups = await mapConcurrent(batch, concurrency, input.signal, async (service, signal) => {
        const { value: entries, filtered } = await client.instances(service, signal);
        if (filtered && entries.length === 0) hidden.push(service);
        read += 1;
        input.onProgress?.({ read, total: services.length });
        return buildServiceGroup({ ...context, service }, entries);
      });
      yield groups.filter(({ targets }) => targets.length > 0);
    }
    if (hidden.length > 0)
      input.warn(
        `${base}: the token may not read the nodes of ${sampleOf(hidden.sort())}: give it node:read there`,
      );
    return undefined;
  },
};

/** Names of the services to ask for: those configured, from the catalog where that has to be looked at. */
async function listServices(
  client: ConsulClient,
  config: ConsulConfig,
  { signal, warn }: MechanismInput,
): Promise<readonly string[]> {
  const fromCatalog = config.services.length === 0 || config.tags.length > 0 || config.filter !== '';
  const names = fromCatalog ? await searchCatalog(client, config, signal) : [...new Set(config.services)];
  const odd = names.filter((name) => !canBeAskedFor(name));
  if (odd.length > 0)
    warn(`${config.address.base}: left out ${sampleOf(odd)}: Consul's API can't be asked for such a name`);
  return names.filter(canBeAskedFor);
}

async function searchCatalog(
  client: ConsulClient,
  { address, services, tags }: ConsulConfig,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { value: catalog, filtered } = await client.services(signal);
  if (filtered && catalog.size === 0)
    throw new MusterError(
      'denied',
      `${address.base}: Consul shows this token no service: it needs service:read`,
    );
  return [...catalog]
    .filter(([name]) => services.length === 0 || services.includes(name))
    .filter(([, found]) => tags.every((tag) => found.includes(tag)))
    .map(([name]) => name);
}

/** A few of the services by name, the rest as a number. */
function sampleOf(services: readonly string[]): string {
  const shown = services.slice(0, 3).map((name) => JSON.stringify(name));
  const rest = services.length - shown.length;
  return `${services.length === 1 ? 'service' : 'services'} ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
