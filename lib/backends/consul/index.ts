import { mapConcurrent } from '../../base/concurrency.ts';
import { MusterError } from '../../base/errors.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import { backendNames } from '../backend-names.ts';
import type { Mechanism, MechanismInput } from '../mechanism.ts';
import { type ConsulClient, canBeAskedFor, openConsul } from './client.ts';
import { completenessOf } from './completeness.ts';
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
  newerKeys: ({ health_filter }) =>
    health_filter === '' ? [] : [{ path: ['health_filter'], since: '3.11' }],
  server: ({ address: { base, unixSocket } }) => (unixSocket === undefined ? base : `unix://${unixSocket}`),
  async *discover(config, input) {
    const { base, unixSocket } = config.address;
    const http = await input.openHttp(config.http, unixSocket === undefined ? {} : { unixSocket });
    const client = openConsul(http, config);
    const datacenter = config.datacenter || (await client.datacenter(input.signal));
    const { services, catalogFiltered } = await listServices(client, config, input);
    const context = { datacenter, tagSeparator: config.tag_separator };

    const seen: string[] = [];
    const incomplete = new Set<string>();
    const hidden: string[] = [];
    let read = 0;
    for (let start = 0; start < services.length; start += batchSize) {
      const batch = services.slice(start, start + batchSize);
      const groups = await mapConcurrent(batch, concurrency, input.signal, async (service, signal) => {
        const { value: entries, filtered } = await client.instances(service, signal);
        if (entries.length > 0) seen.push(service);
        if (filtered) incomplete.add(service);
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
    const sight = { seen, asked: new Set(services), catalogFiltered, filtered: incomplete };
    return {
      ...completenessOf(sight, input.cursor),
      ...(await backendNames(input.signal, async (signal) => {
        const peers = await client.peers(signal);
        return peers.map((peer) => `${datacenter}/${peer}`);
      })),
    };
  },
};

/** The services to ask for, by name. */
interface Services {
  readonly services: readonly string[];
  /** Whether Consul left some out of the catalog that they come from. */
  readonly catalogFiltered: boolean;
}

/** The services that are configured, from the catalog where that has to be looked at. */
async function listServices(
  client: ConsulClient,
  config: ConsulConfig,
  { signal, warn, prometheus }: MechanismInput,
): Promise<Services> {
  // Before 3.11 named services were never looked up for the filter's sake alone.
  const filters = config.filter !== '' && hasSince(prometheus, '3.11');
  const fromCatalog = config.services.length === 0 || config.tags.length > 0 || filters;
  const { services: names, catalogFiltered } = fromCatalog
    ? await searchCatalog(client, config, signal)
    : { services: [...new Set(config.services)], catalogFiltered: false };
  const odd = names.filter((name) => !canBeAskedFor(name));
  if (odd.length > 0)
    warn(`${config.address.base}: left out ${sampleOf(odd)}: Consul's API can't be asked for such a name`);
  return { services: names.filter(canBeAskedFor), catalogFiltered };
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
      `${address.base}: Consul shows this token no service: it needs service:read`,
    );
  const found = [...catalog]
    .filter(([name]) => services.length === 0 || services.includes(name))
    .filter(([, theirs]) => tags.every((tag) => theirs.includes(tag)))
    .map(([name]) => name);
  return { services: found, catalogFiltered: filtered };
}

/** A few of the services by name, the rest as a number. */
function sampleOf(services: readonly string[]): string {
  const shown = services.slice(0, 3).map((name) => JSON.stringify(name));
  const rest = services.length - shown.length;
  return `${services.length === 1 ? 'service' : 'services'} ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
