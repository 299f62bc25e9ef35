import { addressLabel, joinHostPort, sanitizeLabelName, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectOf } from '../kinds/kind.ts';
import { nodeSpec, nodeStatus } from '../kinds/messages.ts';
import { labels, metaNames } from '../labels.ts';
import { int32, struct, take } from '../wire/fields.ts';
import { compact, type DraftLabels, put, putMap, set, targetMetadata } from './draft.ts';

const fields = {
  spec: struct(2, take(nodeSpec, 'providerID')),
  status: struct(3, {
    ...nodeStatus,
    daemonEndpoints: struct(6, { kubeletEndpoint: struct(1, { Port: int32(1) }) }),
  }),
};

type KubernetesNode = ObjectOf<typeof targetMetadata, typeof fields>;

/** Nodes as targets. Source of the fields: Kubernetes API reference, Node v1. */
export const node: Kind<KubernetesNode> = kind(
  { resource: 'nodes', apiVersion: 'v1', listKind: 'NodeList', namespaced: false },
  targetMetadata,
  fields,
);

/** The group of a node: its kubelet. Undefined while the node has no address. */
export function buildNodeGroup(node: KubernetesNode): TargetGroup | undefined {
  const first = new Map<string, string>();
  for (const { type, address } of node.status.addresses) if (!first.has(type)) first.set(type, address);
  const type = addressTypes.find((candidate) => first.has(candidate));
  if (type === undefined) return undefined;

  const group: DraftLabels = [];
  putMap(group, metaNames.node.annotation, node.annotations);
  putConditions(group, node);
  putMap(group, metaNames.node.label, node.labels);
  set(group, labels.node.name, node.name);
  put(group, labels.node.providerId, node.spec.providerID);

  const target: DraftLabels = [
    addressLabel,
    joinHostPort(first.get(type) ?? '', node.status.daemonEndpoints.kubeletEndpoint.Port),
  ];
  for (const [name, address] of first)
    put(target, sanitizeLabelName(labels.node.addressPrefix + name), address);
  set(target, labels.instance, node.name);
  return { source: `node/${node.name}`, labels: compact(group), targets: [compact(target)] };
}

/** When two conditions have the same label name, the later one wins, even with an empty status. */
function putConditions(group: DraftLabels, { status: { conditions } }: KubernetesNode): void {
  const statuses = new Map<string, string>();
  for (const { type, status } of conditions)
    statuses.set(sanitizeLabelName(type.toLowerCase()), status.toLowerCase());
  for (const [type, status] of statuses) put(group, labels.node.conditionPrefix + type, status);
}

/** Address types at which a kubelet can be reached, in order of preference. Source: Prometheus, discovery/kubernetes/node.go. */
const addressTypes = [
  'InternalIP',
  'InternalDNS',
  'ExternalIP',
  'ExternalDNS',
  'LegacyHostIP',
  'Hostname',
] as const;
