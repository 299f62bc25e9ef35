import { addressLabel, joinHostPort, type LabelSet, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectOf } from '../kinds/kind.ts';
import { endpointAddress, endpointSubset } from '../kinds/messages.ts';
import { labels, metaNames } from '../labels.ts';
import { list } from '../wire/fields.ts';
import { otherPortTargets, putPodBehind, type SeenPods, type ServiceJoins } from './behind.ts';
import {
  compact,
  type DraftLabels,
  objectKey,
  portText,
  put,
  putMeta,
  putNamespace,
  putNode,
  putService,
  set,
  targetMetadata,
} from './draft.ts';

const fields = { subsets: list(2, endpointSubset(endpointAddress)) };

type Endpoints = ObjectOf<typeof targetMetadata, typeof fields>;
type Subset = Endpoints['subsets'][number];

/** Endpoints, one object for each service. Source of the fields: Kubernetes API reference, Endpoints v1. */
export const endpoints: Kind<Endpoints> = kind(
  { resource: 'endpoints', apiVersion: 'v1', listKind: 'EndpointsList', namespaced: true },
  targetMetadata,
  fields,
);

/**
 * The group of an Endpoints object: a target for each address and port, and targets for the other ports of the pods behind
 * the addresses. Undefined when there are none.
 */
export function buildEndpointsGroup(endpoints: Endpoints, joins: ServiceJoins): TargetGroup | undefined {
  const { namespace, name } = endpoints;
  const targets: LabelSet[] = [];
  const seen: SeenPods = new Map();
  const behind = { joins, seen };
  for (const { ports, addresses, notReadyAddresses } of endpoints.subsets) {
    for (const port of ports) {
      for (const address of addresses) targets.push(addressTarget(address, port, 'true', behind));
      for (const address of notReadyAddresses) targets.push(addressTarget(address, port, 'false', behind));
    }
  }
  for (const target of otherPortTargets(seen, joins)) targets.push(target);
  if (targets.length === 0) return undefined;

  const key = objectKey(namespace, name);
  const group: DraftLabels = [];
  putMeta(group, metaNames.endpoints, endpoints);
  set(group, labels.endpoints.name, name);
  set(group, labels.namespace, namespace);
  putNamespace(group, joins, namespace);
  const service = joins.services.get(key);
  if (service !== undefined) putService(group, service);
  return { source: `endpoints/${key}`, labels: compact(group), targets };
}

const overCapacity = 'endpoints.kubernetes.io/over-capacity';

/** Whether Kubernetes left addresses out. Source: k8s.io/api/core/v1, EndpointsOverCapacity. */
export function isTruncated({ annotations }: Endpoints): boolean {
  // Keys and values in turn.
  return annotations.some(
    (key, at) => at % 2 === 0 && key === overCapacity && annotations[at + 1] === 'truncated',
  );
}

function addressTarget(
  address: Subset['addresses'][number],
  port: Subset['ports'][number],
  ready: 'true' | 'false',
  { joins, seen }: { readonly joins: ServiceJoins; readonly seen: SeenPods },
): LabelSet {
  const { nodeName, targetRef: ref } = address;
  const target: DraftLabels = [addressLabel, joinHostPort(address.ip, portText(port.port))];
  if (ref !== undefined) {
    put(target, labels.endpoints.targetKind, ref.kind);
    put(target, labels.endpoints.targetName, ref.name);
  }
  put(target, labels.endpoints.hostname, address.hostname);
  put(target, labels.endpoints.nodeName, nodeName ?? '');
  put(target, labels.endpoints.portName, port.name);
  put(target, labels.endpoints.portProtocol, port.protocol);
  set(target, labels.endpoints.ready, ready);
  const node = nodeName ?? (ref?.kind === 'Node' ? ref.name : undefined);
  if (node !== undefined) putNode(target, joins, node);
  putPodBehind(target, joins, seen, { ref, port: port.port, protocol: port.protocol });
  return compact(target);
}
