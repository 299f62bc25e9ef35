import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import { tryParseJson } from '../../base/json.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import type { Compared, Cursor, Listed } from '../../targets/discover.ts';
import { type LabelSet, mapLabels, type TargetGroup, targetAt } from '../../targets/group.ts';
import { backendNames, listEach } from '../listing.ts';
import type { Mechanism, MechanismInput } from '../mechanism.ts';
import {
  type ConsulClient,
  type HealthCheck,
  isRequestable,
  openConsul,
  type ServiceEntry,
} from './client.ts';
import { type ConsulConfig, consulConfig } from './schema.ts';

/**
 * Labels that Consul targets carry. A `…Prefix` is followed by a key of a map, each character that a label name cannot
 * hold replaced by `_`. Source: Prometheus configuration reference, consul_sd_config.
 */
const labels = {
  service: '__meta_consul_service',
  datacenter: '__meta_consul_dc',
  nodeAddress: '__meta_consul_address',
  node: '__meta_consul_node',
  namespace: '__meta_consul_namespace',
  partition: '__meta_consul_partition',
  tags: '__meta_consul_tags',
  serviceAddress: '__meta_consul_service_address',
  servicePort: '__meta_consul_service_port',
  serviceId: '__meta_consul_service_id',
  health: '__meta_consul_health',
  nodeMetaPrefix: '__meta_consul_metadata_',
  serviceMetaPrefix: '__meta_consul_service_metadata_',
  taggedAddressPrefix: '__meta_consul_tagged_address_',
} as const;

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

/** What the targets of a service have in common. */
export interface ServiceContext {
  readonly service: string;
  readonly datacenter: string;
  readonly tagSeparator: string;
}

/** The target group of one service: a target for each instance, in Consul's order. */
export function buildServiceGroup(context: ServiceContext, entries: readonly ServiceEntry[]): TargetGroup {
  return {
    source: context.service,
    labels: { [labels.service]: context.service, [labels.datacenter]: context.datacenter },
    targets: entries.map((entry) => buildTarget(entry, context.tagSeparator)),
  };
}

function buildTarget({ Node, Service, Checks }: ServiceEntry, separator: string): LabelSet {
  // A service may be registered on a node that it does not run on: its own address wins.
  const host = Service.Address === '' ? Node.Address : Service.Address;
  return targetAt(host, Service.Port, {
    [labels.nodeAddress]: Node.Address,
    [labels.node]: Node.Node,
    [labels.namespace]: Service.Namespace,
    [labels.partition]: Service.Partition,
    // Separators at both ends, so that a rule can match `,tag,` anywhere in the list.
    [labels.tags]: `${separator}${Service.Tags.join(separator)}${separator}`,
    [labels.serviceAddress]: Service.Address,
    [labels.servicePort]: String(Service.Port),
    [labels.serviceId]: Service.ID,
    [labels.health]: aggregateHealth(Checks),
    ...mapLabels(labels.nodeMetaPrefix, Node.Meta),
    ...mapLabels(labels.serviceMetaPrefix, Service.Meta),
    ...mapLabels(labels.taggedAddressPrefix, Node.TaggedAddresses),
  });
}

/**
 * The state of an instance by its own checks and its node's: `maintenance`, else the worst status. `passing` without
 * checks; empty when a check has an unknown status. Source: HealthChecks.AggregatedStatus of Consul's API client.
 */
export function aggregateHealth(checks: readonly HealthCheck[]): string {
  const statuses = new Set(checks.filter((check) => !isMaintenance(check)).map(({ Status }) => Status));
  if (!statuses.isSubsetOf(new Set(byUrgency))) return '';
  if (checks.some(isMaintenance)) return 'maintenance';
  return byUrgency.find((status) => statuses.has(status)) ?? 'passing';
}

const byUrgency = ['critical', 'warning', 'passing'];

function isMaintenance({ CheckID }: HealthCheck): boolean {
  return CheckID === '_node_maintenance' || CheckID.startsWith('_service_maintenance:');
}

/** What the answers of one listing showed, and what Consul says it left out. */
export interface Visibility {
  /** Services with targets. */
  readonly seen: readonly string[];
  /** Services whose instances were requested. */
  readonly requested: ReadonlySet<string>;
  /** Whether Consul left services out of the catalog. */
  readonly catalogFiltered: boolean;
  /** Services for which Consul left instances out. */
  readonly filtered: ReadonlySet<string>;
}

/**
 * Whether the last listing was filtered. `seen` is present when the token lost rights between two listings. It holds
 * the services that were visible after that: when one of these goes missing, it really left.
 */
const state = z.object({ filtered: z.boolean(), seen: z.array(z.string()).optional() });

/**
 * The cursor of a listing, and the targets that it may have missed because the token may not read everything. When the
 * token never had all rights, the listing is `filtered`: it adds targets, and removals wait. When the token lost rights,
 * the services that vanished with them are unseen until the rights are back, or until a person accepts their removal.
 */
export function completenessOf(
  visibility: Visibility,
  cursor: Cursor | undefined,
): Compared & Pick<Listed, 'comparedWith'> {
  const comparedWith = (last: Cursor | undefined) => compare(visibility, last);
  return { ...comparedWith(cursor), comparedWith };
}

function compare(visibility: Visibility, cursor: Cursor | undefined): Compared {
  const { seen, requested, catalogFiltered, filtered: incomplete } = visibility;
  if (!catalogFiltered && incomplete.size === 0) return { cursor: encode({ filtered: false }) };
  const filtered = `Consul says that it left out what the token may not read: ${describeFiltered(visibility)}`;
  const before = readState(cursor);
  if (before === undefined || (before.filtered && before.seen === undefined))
    return { cursor: encode({ filtered: true }), filtered };

  const since = new Set([...(before.seen ?? []), ...seen]);
  return {
    cursor: encode({ filtered: true, seen: [...since].sort() }),
    filtered,
    unseen(source) {
      if (since.has(source)) return undefined;
      const mayBeHidden = incomplete.has(source) || (catalogFiltered && !requested.has(source));
      return mayBeHidden ? sawLess : undefined;
    },
  };
}

const sawLess = 'the token sees less than before: Consul says that it filtered the answer';

function describeFiltered({ catalogFiltered, filtered }: Visibility): string {
  const services = `${filtered.size === 1 ? 'instances of a service' : `instances of ${filtered.size} services`}`;
  if (filtered.size === 0) return 'services';
  return catalogFiltered ? `services, and ${services}` : services;
}

function encode(value: z.infer<typeof state>): Cursor {
  return JSON.stringify(value);
}

/** Undefined for a first listing, and for a cursor that another version wrote. */
function readState(cursor: Cursor | undefined): z.infer<typeof state> | undefined {
  if (cursor === undefined) return undefined;
  return state.safeParse(tryParseJson(cursor)).data;
}
