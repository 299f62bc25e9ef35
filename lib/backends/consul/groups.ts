import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  mapLabels,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
import type { HealthCheck, ServiceEntry } from './client.ts';
import { labels } from './labels.ts';

/** What all instances of a service have in common. */
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
    // A service may be registered through a node that it doesn't run on: its own address wins.
    [addressLabel]: joinHostPort(Service.Address === '' ? Node.Address : Service.Address, Service.Port),
    [labels.nodeAddress]: Node.Address,
    [labels.node]: Node.Node,
    [labels.namespace]: Service.Namespace,
    [labels.partition]: Service.Partition,
    // Separators at both ends too, so that a rule can look for `,tag,` wherever the tag stands.
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
 * One word for all checks of an instance and its node: maintenance, else the worst status; passing without checks,
 * nothing when a check has a status unknown here. Source: HealthChecks.AggregatedStatus of Consul's API client.
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
