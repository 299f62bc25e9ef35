import { addressLabel, type LabelSet, metaPrefix } from './group.ts';

/** A column, and its labels after `__meta_<mechanism>_`. The first label that a target has counts. */
type Column = readonly [name: string, ...tails: readonly string[]];

/** The labels by which people tell the targets of a mechanism apart, the most useful first. */
const columns: Readonly<Record<string, readonly Column[]>> = {
  kubernetes: [
    ['namespace', 'namespace'],
    ['pod', 'pod_name'],
    ['container', 'pod_container_name'],
    ['service', 'service_name', 'endpointslice_name', 'endpoints_name'],
    ['ingress', 'ingress_name'],
    ['path', 'ingress_path'],
    [
      'port',
      ...['pod_container_port_name', 'endpointslice_port_name', 'endpoint_port_name', 'service_port_name'],
      ...['pod_container_port_number', 'endpointslice_port', 'service_port_number'],
    ],
    ['node', 'pod_node_name', 'node_name', 'endpointslice_endpoint_node_name', 'endpoint_node_name'],
  ],
  consul: [
    ['service', 'service'],
    ['node', 'node'],
    ['id', 'service_id'],
    ['tags', 'tags'],
    ['dc', 'dc'],
  ],
  nomad: [
    ['namespace', 'namespace'],
    ['service', 'service'],
    ['id', 'service_id'],
    ['tags', 'tags'],
    ['dc', 'dc'],
  ],
  marathon: [
    ['app', 'app'],
    ['task', 'task'],
    ['port', 'port_index'],
  ],
  docker: [
    ['container', 'container_name'],
    ['port', 'port_private'],
    ['network', 'network_name'],
  ],
  dockerswarm: [
    ['service', 'service_name'],
    ['task', 'task_id'],
    ['node', 'node_hostname'],
    ['port', 'service_endpoint_port_name'],
    ['network', 'network_name'],
  ],
  swarm: [
    ['node', 'node_name'],
    ['role', 'role'],
  ],
  dns: [
    ['name', 'name'],
    ['record', 'srv_record_target', 'mx_record_target', 'ns_record_target'],
  ],
  eureka: [
    ['app', 'app_name'],
    ['instance', 'app_instance_id', 'app_instance_hostname'],
    ['status', 'app_instance_status'],
  ],
  serverset: [
    ['path', 'path'],
    ['shard', 'shard'],
  ],
  nerve: [
    ['path', 'path'],
    ['name', 'endpoint_name'],
  ],
  ec2: [
    ['name', 'tag_Name'],
    ['id', 'instance_id'],
    ['type', 'instance_type'],
    ['zone', 'availability_zone'],
  ],
  ecs: [
    ['cluster', 'cluster'],
    ['service', 'service'],
    ['task', 'task_arn'],
  ],
  elasticache: [
    ['cluster', 'cache_cluster_cache_cluster_id', 'serverless_cache_name'],
    ['node', 'cache_cluster_node_id'],
    ['engine', 'cache_cluster_engine', 'serverless_cache_engine'],
  ],
  lightsail: [
    ['name', 'instance_name'],
    ['zone', 'availability_zone'],
  ],
  msk: [
    ['cluster', 'cluster_name'],
    ['broker', 'broker_id', 'controller_endpoint_index'],
    ['type', 'node_type'],
  ],
  rds: [
    ['instance', 'instance_identifier'],
    ['cluster', 'cluster_identifier'],
    ['engine', 'instance_engine', 'cluster_engine'],
  ],
};

/** For targets after their rules, and for lists of other systems, whose labels have any names. */
const common = ['namespace', 'pod', 'container', 'service', 'app', 'task', 'port', 'node', 'instance', 'env'];

/** A label under a short name. */
export interface IdentifyingLabel {
  /** The short name, as in `pod`. */
  readonly name: string;
  /** The label that it was read from, as in `__meta_kubernetes_pod_name`. */
  readonly label: string;
  readonly value: string;
}

/**
 * The labels that distinguish a target from others of its mechanism, the most useful first: namespace, pod, container
 * and port of a pod, service and node of Consul's. Its address is not among them.
 */
export function identifyingLabels(labels: LabelSet): readonly IdentifyingLabel[] {
  const found = identifyingColumns(mechanismOf(labels) ?? '').flatMap(({ name, labels: all }) =>
    oneOf(name, all, labels),
  );
  if (found.length > 0) return found;
  const own = common.flatMap((name) => oneOf(name, [name], labels));
  if (own.length > 0) return own;
  return Object.keys(labels)
    .filter((name) => !name.startsWith('__') && name !== 'job')
    .sort()
    .slice(0, 4)
    .flatMap((name) => oneOf(name, [name], labels));
}

/**
 * The columns of a mechanism in their order, each with its labels. The first label that a target has counts. Empty for
 * `http`.
 */
export function identifyingColumns(
  mechanism: string,
): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  const own = Object.hasOwn(columns, mechanism) ? (columns[mechanism] ?? []) : [];
  return own.map(([name, ...tails]) => ({
    name,
    labels: tails.map((tail) => `${metaPrefix}${mechanism}_${tail}`),
  }));
}

/** The mechanism that found a target, by its labels: `consul` of `__meta_consul_node`. */
export function mechanismOf(labels: LabelSet): string | undefined {
  for (const name in labels) {
    const [, mechanism = ''] = /^__meta_([a-z0-9]+)_./.exec(name) ?? [];
    if (Object.hasOwn(columns, mechanism)) return mechanism;
  }
  return undefined;
}

/** A target in a few words: its address and its identifying labels. */
export function nameTarget(labels: LabelSet): string {
  const { [addressLabel]: address = 'without address' } = labels;
  return [address, ...identifyingLabels(labels).map(({ name, value }) => `${name}=${value}`)].join(' ');
}

function oneOf(name: string, labels: readonly string[], of: LabelSet): readonly IdentifyingLabel[] {
  for (const label of labels) {
    const value = Object.hasOwn(of, label) ? of[label] : undefined;
    if (value !== undefined && value !== '') return [{ name, label, value }];
  }
  return [];
}
