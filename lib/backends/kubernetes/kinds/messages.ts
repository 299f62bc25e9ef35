import {
  embedded,
  flag,
  int32,
  integer,
  list,
  type MessageSpec,
  optionalFlag,
  optionalWord,
  pairs,
  pointer,
  strings,
  struct,
  text,
  word,
} from '../wire/fields.ts';
import { quantities, time } from '../wire/scalars.ts';

/**
 * Messages that discovery and kube state both read, each described once. Either side takes the fields that it needs;
 * messages of a single reader are described beside it.
 * Source: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */

/** `OwnerReference` */
export const ownerReference = { kind: word(1), name: word(3), controller: optionalFlag(6) };

/** `ObjectMeta` */
export const objectMeta = {
  name: text(1),
  namespace: word(3),
  uid: text(5),
  resourceVersion: text(6),
  generation: integer(7),
  creationTimestamp: time(8),
  deletionTimestamp: time(9),
  labels: pairs(11),
  annotations: pairs(12),
  ownerReferences: list(13, ownerReference),
};

/** `ObjectReference`: the object behind an address of a service. */
export const objectReference = { kind: word(1), namespace: word(2), name: text(3) };

/** The first two fields of every condition, as in `Ready` and `True`. */
export const condition = { type: word(1), status: word(2) };

/** `NodeSpec` */
export const nodeSpec = {
  podCIDR: text(1),
  providerID: text(3),
  unschedulable: flag(4),
  taints: list(5, { key: word(1), value: word(2), effect: word(3) }),
  podCIDRs: strings(7),
};

/** `NodeStatus`, the part that both sides read. */
export const nodeStatus = {
  conditions: list(4, condition),
  addresses: list(5, { type: word(1), address: text(2) }),
};

/** `ServiceSpec` */
export const serviceSpec = {
  ports: list(1, { name: word(1), protocol: word(2), port: int32(3) }),
  clusterIP: text(3),
  type: word(4),
  externalIPs: strings(5),
  loadBalancerIP: text(8),
  externalName: text(10),
  externalTrafficPolicy: word(11),
  ipFamilyPolicy: word(17),
  ipFamilies: strings(19),
};

/** `ServiceStatus` */
export const serviceStatus = {
  loadBalancer: struct(1, { ingress: list(1, { ip: text(1), hostname: text(2) }) }),
};

/** `EndpointAddress` */
export const endpointAddress = {
  ip: text(1),
  targetRef: pointer(2, objectReference),
  hostname: text(3),
  nodeName: optionalWord(4),
};

/** `EndpointSubset`, with the given fields of each address. */
export const endpointSubset = <Address extends MessageSpec>(address: Address) => ({
  addresses: list(1, address),
  notReadyAddresses: list(2, address),
  ports: list(3, { name: word(1), port: int32(2), protocol: word(3) }),
});

/** `EndpointConditions` */
export const endpointConditions = {
  ready: optionalFlag(1),
  serving: optionalFlag(2),
  terminating: optionalFlag(3),
};

/** `IngressSpec` */
export const ingressSpec = {
  tls: list(2, { hosts: strings(1), secretName: word(2) }),
  ingressClassName: optionalWord(4),
};

/** The rules of an `IngressSpec`, with the given fields of each `HTTPIngressPath`. */
export const ingressRules = <Path extends MessageSpec>(path: Path) => ({
  rules: list(3, {
    host: word(1),
    value: embedded(2, { http: pointer(1, { paths: list(1, path) }) }),
  }),
});

/** `Container` */
export const container = {
  name: word(1),
  image: word(2),
  ports: list(6, { name: word(1), containerPort: int32(3), protocol: word(4) }),
  resources: struct(8, { limits: quantities(1), requests: quantities(2) }),
  restartPolicy: word(24),
};

/** The containers of a `PodSpec`, with the given fields of each. */
export const podContainers = <Container extends MessageSpec>(fields: Container) => ({
  containers: list(2, fields),
  initContainers: list(20, fields),
});

/** `PodSpec`, the part that both sides read. */
export const podSpec = { nodeName: word(10) };

/** `PodStatus`, the part that both sides read. */
export const podStatus = { phase: word(1), hostIP: word(5), podIP: text(6) };

/** The container statuses of a `PodStatus`, with the given fields of each. */
export const podContainerStatuses = <Status extends MessageSpec>(fields: Status) => ({
  containerStatuses: list(8, fields),
  initContainerStatuses: list(10, fields),
});

/** The first fields of a `ContainerStatus`. */
export const containerStatus = { name: word(1), containerID: text(8) };
