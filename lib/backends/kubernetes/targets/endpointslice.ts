import { addressLabel, joinHostPort, type LabelSet, type TargetGroup } from '../../../targets/group.ts';
import { labels, metaNames, topologyNames } from '../labels.ts';
import type { DualStackService, Endpoint, EndpointSlice, ObjectMeta, SlicePort } from '../objects.ts';
import { otherPortTargets, putPodBehind, type SeenPods } from './behind.ts';
import {
  compact,
  type DraftLabels,
  objectKey,
  portText,
  put,
  putFlag,
  putMap,
  putMeta,
  putNamespace,
  putNode,
  putService,
  type ServiceJoins,
  type SliceJoins,
} from './draft.ts';

/**
 * The addresses of an endpoint slice, one target a port, and the other ports of the pods behind them; `undefined`
 * without any, and for the slice of a service's second address family where the service tells its families.
 */
export function buildEndpointSliceGroup(slice: EndpointSlice, joins: SliceJoins): TargetGroup | undefined {
  const { namespace, name } = slice;
  const service = serviceOf(slice, joins);
  if (service !== undefined && isOfSecondFamily(slice, service)) return undefined;
  const targets: LabelSet[] = [];
  const seen: SeenPods = new Map();
  for (const endpoint of slice.endpoints) {
    for (const port of slice.ports) {
      for (const address of endpoint.addresses)
        targets.push(endpointTarget(address, endpoint, port, joins, seen));
    }
  }
  for (const target of otherPortTargets(seen, joins)) targets.push(target);
  if (targets.length === 0) return undefined;

  const group: DraftLabels = {};
  put(group, labels.endpointslice.addressType, slice.addressType);
  putMeta(group, metaNames.endpointslice, slice);
  group[labels.endpointslice.name] = name;
  group[labels.namespace] = namespace;
  putNamespace(group, joins, namespace);
  if (service !== undefined) putService(group, service);
  return { source: `endpointslice/${objectKey(namespace, name)}`, labels: compact(group), targets };
}

function endpointTarget(
  address: string,
  endpoint: Endpoint,
  port: SlicePort,
  joins: ServiceJoins,
  seen: SeenPods,
): LabelSet {
  const { targetRef: ref, nodeName } = endpoint;
  const number = port.port === undefined ? undefined : portText(port.port);
  const target: DraftLabels = {
    [addressLabel]: number === undefined ? address : joinHostPort(address, number),
  };
  if (ref !== undefined) {
    put(target, labels.endpointslice.targetKind, ref.kind);
    put(target, labels.endpointslice.targetName, ref.name);
  }
  putFlag(target, labels.endpointslice.ready, endpoint.ready);
  putFlag(target, labels.endpointslice.serving, endpoint.serving);
  putFlag(target, labels.endpointslice.terminating, endpoint.terminating);
  put(target, labels.endpointslice.hostname, endpoint.hostname);
  put(target, labels.endpointslice.nodeName, nodeName ?? '');
  putMap(target, topologyNames, endpoint.deprecatedTopology);
  put(target, labels.endpointslice.zone, endpoint.zone);
  put(target, labels.endpointslice.port, number ?? '');
  put(target, labels.endpointslice.portAppProtocol, port.appProtocol);
  put(target, labels.endpointslice.portName, port.name);
  put(target, labels.endpointslice.portProtocol, port.protocol);
  const node = ref?.kind === 'Node' ? ref.name : nodeName;
  if (node !== undefined) putNode(target, joins, node);
  putPodBehind(target, joins, seen, { ref, port: port.port });
  return compact(target);
}

/** A slice names its service by a label. */
function serviceOf(
  { namespace, labels: own }: EndpointSlice,
  joins: SliceJoins,
): ObjectMeta | DualStackService | undefined {
  const at = own.findIndex((text, index) => index % 2 === 0 && text === 'kubernetes.io/service-name');
  const name = at === -1 ? undefined : own[at + 1];
  return name === undefined ? undefined : joins.services.get(objectKey(namespace, name));
}

/** The pods of a service with two families stand in slices of both: the second ones are the same pods again. */
function isOfSecondFamily({ addressType }: EndpointSlice, service: ObjectMeta | DualStackService): boolean {
  if (!('ipFamily' in service) || service.ipFamily === '') return false;
  return twoFamilies.includes(service.ipFamilyPolicy) && addressType !== service.ipFamily;
}

const twoFamilies: readonly string[] = ['PreferDualStack', 'RequireDualStack'];
