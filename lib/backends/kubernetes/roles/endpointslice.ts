import { addressLabel, joinHostPort, type LabelSet, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectMeta, type ObjectOf } from '../kinds/kind.ts';
import { endpointConditions, objectReference, serviceSpec } from '../kinds/messages.ts';
import { labels, metaNames, topologyNames } from '../labels.ts';
import {
  flat,
  list,
  optionalInt32,
  optionalWord,
  pairs,
  pointer,
  strings,
  struct,
  take,
  text,
  word,
} from '../wire/fields.ts';
import { otherPortTargets, putPodBehind, type SeenPods, type ServiceJoins } from './behind.ts';
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
  set,
  targetMetadata,
} from './draft.ts';
import { service } from './service.ts';

const fields = {
  endpoints: list(2, {
    addresses: strings(1),
    conditions: flat(2, endpointConditions),
    hostname: text(3),
    targetRef: pointer(4, objectReference),
    deprecatedTopology: pairs(5),
    nodeName: optionalWord(6),
    zone: word(7),
  }),
  ports: list(3, { name: word(1), protocol: word(2), port: optionalInt32(3), appProtocol: word(4) }),
  addressType: word(4),
};

type EndpointSlice = ObjectOf<typeof targetMetadata, typeof fields>;

/** Endpoint slices, several for each service. Source of the fields: Kubernetes API reference, EndpointSlice v1. */
export const endpointSlice: Kind<EndpointSlice> = kind(
  {
    resource: 'endpointslices',
    apiVersion: 'discovery.k8s.io/v1',
    listKind: 'EndpointSliceList',
    namespaced: true,
  },
  targetMetadata,
  fields,
);

const serviceFields = { spec: struct(2, take(serviceSpec, 'ipFamilyPolicy', 'ipFamilies')) };

type DualStackService = ObjectOf<typeof targetMetadata, typeof serviceFields>;

/** Services as their slices need them: with the address families that they want. */
export const dualStackService: Kind<DualStackService> = {
  ...kind(
    { resource: 'services', apiVersion: 'v1', listKind: 'ServiceList', namespaced: true },
    targetMetadata,
    serviceFields,
  ),
  wide: service,
};

/** What slices are joined with. The services may have their address families. */
export interface SliceJoins extends ServiceJoins {
  readonly services: ReadonlyMap<string, ObjectMeta | DualStackService>;
}

/**
 * The group of an endpoint slice: a target for each address and port, and targets for the other ports of the pods behind
 * the addresses. Undefined when there are none, and for a slice of the second address family of a service, if the services
 * have their families. Before 3.11 Prometheus had the slices of both; `allFamilies` keeps to that.
 */
export function buildEndpointSliceGroup(
  slice: EndpointSlice,
  joins: SliceJoins,
  { allFamilies = false } = {},
): TargetGroup | undefined {
  const { namespace, name } = slice;
  const service = serviceOf(slice, joins);
  if (!allFamilies && service !== undefined && isOfSecondFamily(slice, service)) return undefined;
  const targets: LabelSet[] = [];
  const seen: SeenPods = new Map();
  const behind = { joins, seen };
  for (const endpoint of slice.endpoints) {
    for (const port of slice.ports) {
      for (const address of endpoint.addresses) targets.push(endpointTarget(address, endpoint, port, behind));
    }
  }
  for (const target of otherPortTargets(seen, joins)) targets.push(target);
  if (targets.length === 0) return undefined;

  const group: DraftLabels = [];
  put(group, labels.endpointslice.addressType, slice.addressType);
  putMeta(group, metaNames.endpointslice, slice);
  set(group, labels.endpointslice.name, name);
  set(group, labels.namespace, namespace);
  putNamespace(group, joins, namespace);
  if (service !== undefined) putService(group, service);
  return { source: `endpointslice/${objectKey(namespace, name)}`, labels: compact(group), targets };
}

function endpointTarget(
  address: string,
  endpoint: EndpointSlice['endpoints'][number],
  port: EndpointSlice['ports'][number],
  { joins, seen }: { readonly joins: ServiceJoins; readonly seen: SeenPods },
): LabelSet {
  const { targetRef: ref, nodeName } = endpoint;
  const number = port.port === undefined ? undefined : portText(port.port);
  const target: DraftLabels = [addressLabel, number === undefined ? address : joinHostPort(address, number)];
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

/** The service that a label of the slice names. */
function serviceOf(
  { namespace, labels: own }: EndpointSlice,
  joins: SliceJoins,
): ObjectMeta | DualStackService | undefined {
  const at = own.findIndex((text, index) => index % 2 === 0 && text === 'kubernetes.io/service-name');
  const name = at === -1 ? undefined : own[at + 1];
  return name === undefined ? undefined : joins.services.get(objectKey(namespace, name));
}

/** A service with two address families has slices of both, with the same pods: those of the second family are left out. */
function isOfSecondFamily({ addressType }: EndpointSlice, service: ObjectMeta | DualStackService): boolean {
  if (!('spec' in service)) return false;
  const { ipFamilyPolicy, ipFamilies } = service.spec;
  const family = ipFamilies.find((one) => one !== '');
  return family !== undefined && twoFamilies.includes(ipFamilyPolicy) && addressType !== family;
}

const twoFamilies: readonly string[] = ['PreferDualStack', 'RequireDualStack'];
