import { MusterError } from '../../base/errors.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import { backendNames, listEach } from '../listing.ts';
import type { Mechanism, MechanismInput } from '../mechanism.ts';
import { type ConsulClient, isRequestable, openConsul } from './client.ts';
import { completenessOf } from './completeness.ts';
import { buildServiceGroup } from './groups.ts';
import { type ConsulConfig, consulConfig } from './schema.ts';

/** Instances of Consul's services, with their health: a group for each service that has any. */
export const consul: Mechanism<ConsulConfig> = {
  name: 'consul',
  configKey: 'consul_sd_configs',
  schema: consulConfig,
  incidental: ['allow_stale', 'tag_separator'],
  newerKeys: ({ health_filter }) =>
    health_filter === '' ? [] : [{ path: ['health_filter'], since: '3.11' }],
  server: ({ address: { base, unixSocket } }) => (unixSocket === undefined ? base : `unix://${unixSocket}`),
  async *discover(config, input) {
    const { base, unixSocket } = config.address;
    const http = await input.openHttp(config.http, { unixSocket });
    const client = openConsul(http, config);
    const datacenter = config.datacenter || (await client.datacenter(input.signal));
    const { services, catalogFiltered } = await listServices(client, config, input);
    const context = { datacenter, tagSeparator: config.tag_separator };

    const seen: string[] = [];
    const incomplete = new Set<string>();
    const hidden: string[] = [];
    yield* listEach(services, input, async (service, signal) => {
      const { value: entries, filtered } = await client.instances(service, signal);
      if (entries.length > 0) seen.push(service);
      if (filtered) incomplete.add(service);
      if (filtered && entries.length === 0) hidden.push(service);
      return buildServiceGroup({ ...context, service }, entries);
    });
    if (hidden.length > 0)
      input.warn(
        `${base}: the token may not read the nodes of ${sampleOf(hidden.sort())}: give it node:read there`,
      );
    const visibility = { seen, requested: new Set(services), catalogFiltered, filtered: incomplete };
    return {
      ...completenessOf(visibility, input.cursor),
      ...(await backendNames(input.signal, async (signal) => {
        const peers = await client.peers(signal);
        return peers.map((peer) => `${datacenter}/${peer}`);
      })),
    };
  },
};

/** The services whose instances are requested. */
interface Services {
  readonly services: readonly string[];
  /** Whether Consul left services out of the catalog. */
  readonly catalogFiltered: boolean;
}

/** The configured services; they come from the catalog where tags or filters select them. */
async function listServices(
  client: ConsulClient,
  config: ConsulConfig,
  { signal, warn, prometheus }: MechanismInput,
): Promise<Services> {
  // Before 3.11 Prometheus ignored the filter where services are named.
  const filters = config.filter !== '' && hasSince(prometheus, '3.11');
  const fromCatalog = config.services.length === 0 || config.tags.length > 0 || filters;
  const { services: names, catalogFiltered } = fromCatalog
    ? await searchCatalog(client, config, signal)
    : { services: [...new Set(config.services)], catalogFiltered: false };
  const odd = names.filter((name) => !isRequestable(name));
  if (odd.length > 0)
    warn(`${config.address.base}: left out ${sampleOf(odd)}: Consul's API cannot serve such a name`);
  return { services: names.filter(isRequestable), catalogFiltered };
}

async function searchCatalog(
  client: ConsulClient,
  { address, services, tags }: ConsulConfig,
  signal: AbortSignal,
): Promise<Services> {
  const { value: catalog, filtered } = await client.services(signal);
  if (filtered && catalog.size === 0)
    throw new MusterError(
      'denied',
      `${address.base}: Consul shows no service to this token: it needs service:read`,
    );
  const found = [...catalog]
    .filter(([name]) => services.length === 0 || services.includes(name))
    .filter(([, serviceTags]) => tags.every((tag) => serviceTags.includes(tag)))
    .map(([name]) => name);
  return { services: found, catalogFiltered: filtered };
}

/** A few of the services by name, the rest as a number. */
function sampleOf(services: readonly string[]): string {
  const shown = services.slice(0, 3).map((name) => JSON.stringify(name));
  const rest = services.length - shown.length;
  return `${services.length === 1 ? 'service' : 'services'} ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
