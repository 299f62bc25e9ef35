import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  mapLabels,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { HealthCheck, ServiceEntry } from './client.ts';

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
  return withoutEmpty({
    // A service may be registered on a node that it does not run on: its own address wins.
    [addressLabel]: joinHostPort(Service.Address === '' ? Node.Address : Service.Address, Service.Port),
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
