import { addressLabel, joinHostPort, sanitizeLabelName, type TargetGroup } from '../../../targets/group.ts';
import { labels, metaNames } from '../labels.ts';
import type { KubernetesNode } from '../objects.ts';
import { compact, type DraftLabels, put, putMap } from './draft.ts';

/** The kubelet of a node; `undefined` while the node has no address. */
export function buildNodeGroup(node: KubernetesNode): TargetGroup | undefined {
  const first = new Map<string, string>();
  for (const { type, address } of node.addresses) if (!first.has(type)) first.set(type, address);
  const type = addressTypes.find((candidate) => first.has(candidate));
  if (type === undefined) return undefined;

  const group: DraftLabels = {};
  putMap(group, metaNames.node.annotation, node.annotations);
  putConditions(group, node);
  putMap(group, metaNames.node.label, node.labels);
  group[labels.node.name] = node.name;
  put(group, labels.node.providerId, node.providerID);

  const target: DraftLabels = {
    [addressLabel]: joinHostPort(first.get(type) ?? '', node.kubeletPort),
  };
  for (const [name, address] of first)
    put(target, sanitizeLabelName(labels.node.addressPrefix + name), address);
  target[labels.instance] = node.name;
  return { source: `node/${node.name}`, labels: compact(group), targets: [target] };
}

/** Of two conditions that become one label the later wins, also where it says nothing. */
function putConditions(group: DraftLabels, { conditions }: KubernetesNode): void {
  const statuses = new Map<string, string>();
  for (let index = 0; index < conditions.length; index += 2)
    statuses.set(
      sanitizeLabelName((conditions[index] ?? '').toLowerCase()),
      (conditions[index + 1] ?? '').toLowerCase(),
    );
  for (const [type, status] of statuses) put(group, labels.node.conditionPrefix + type, status);
}

/** The address types that a kubelet can be reached at, the best first. */
const addressTypes = [
  'InternalIP',
  'InternalDNS',
  'ExternalIP',
  'ExternalDNS',
  'LegacyHostIP',
  'Hostname',
] as const;
