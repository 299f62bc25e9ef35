/** One page of a list. */
export interface ListPage<T> {
  readonly items: readonly T[];
  /** The state of the cluster that the list shows; opaque. */
  readonly resourceVersion: string;
  /** Asks for the next page; empty on the last. */
  readonly continueToken: string;
  /** How many items come after this page, where the server says so. */
  readonly remaining: number | undefined;
  /** There was text that is not UTF-8; its bad bytes are U+FFFD now. Names an object that has some, where it is known. */
  readonly replaced?: string;
}

/** Keys and values of a map of texts in turn, as they came: half the memory of an object, and any key is safe. */
export type TextMap = readonly string[];

/** What labels need of any object's metadata. */
export interface ObjectMeta {
  /** Empty for an object that belongs to no namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: TextMap;
  readonly annotations: TextMap;
}

export interface ContainerPort {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly ports: readonly ContainerPort[];
}

export interface ContainerStatus {
  readonly name: string;
  readonly containerID: string;
}

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
}

/** What a target behind a service needs of its pod; the fields of spec and status are flat. */
export interface JoinedPod extends ObjectMeta {
  readonly uid: string;
  /** The owner that manages the pod. */
  readonly controller: OwnerReference | undefined;
  readonly nodeName: string;
  readonly containers: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly phase: string;
  /** Status of the condition `Ready`. */
  readonly ready: string | undefined;
  readonly hostIP: string;
  readonly podIP: string;
}

export interface Pod extends JoinedPod {
  readonly containerStatuses: readonly ContainerStatus[];
  readonly initContainerStatuses: readonly ContainerStatus[];
}

export interface NodeAddress {
  readonly type: string;
  readonly address: string;
}

export interface KubernetesNode extends ObjectMeta {
  readonly providerID: string;
  /** Type and status of each condition in turn, as they came. */
  readonly conditions: TextMap;
  readonly addresses: readonly NodeAddress[];
  readonly kubeletPort: number;
}

export interface ServicePort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

export interface Service extends ObjectMeta {
  readonly type: string;
  readonly clusterIP: string;
  readonly externalName: string;
  /** The address that was asked for. */
  readonly loadBalancerIP: string;
  /** Those that the load balancer has; empty where it has names alone. */
  readonly balancerIPs: readonly string[];
  readonly ports: readonly ServicePort[];
}

/** What endpoint slices need of their service. */
export interface DualStackService extends ObjectMeta {
  /** As in `PreferDualStack`. */
  readonly ipFamilyPolicy: string;
  /** Its first address family, `IPv4` or `IPv6`; empty where it has none. */
  readonly ipFamily: string;
}

/** A replica set or a job, as its pods need it: by what controls it. */
export interface Controlled extends ObjectMeta {
  readonly controller: OwnerReference | undefined;
}

/** What stands behind an address of a service. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname: string;
  readonly nodeName: string | undefined;
  readonly targetRef: ObjectReference | undefined;
}

export interface EndpointSubset {
  readonly addresses: readonly EndpointAddress[];
  readonly notReadyAddresses: readonly EndpointAddress[];
  readonly ports: readonly ServicePort[];
}

export interface Endpoints extends ObjectMeta {
  readonly subsets: readonly EndpointSubset[];
}

export interface Endpoint {
  readonly addresses: readonly string[];
  /** The three conditions: absent is neither true nor false. */
  readonly ready: boolean | undefined;
  readonly serving: boolean | undefined;
  readonly terminating: boolean | undefined;
  readonly hostname: string;
  readonly targetRef: ObjectReference | undefined;
  readonly deprecatedTopology: TextMap;
  readonly nodeName: string | undefined;
  readonly zone: string;
}

export interface SlicePort {
  readonly name: string;
  readonly protocol: string;
  /** Absent: any port. */
  readonly port: number | undefined;
  readonly appProtocol: string;
}

export interface EndpointSlice extends ObjectMeta {
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[];
  readonly ports: readonly SlicePort[];
}

export interface IngressRule {
  readonly host: string;
  /** Absent where the rule has no `http` part, which is another thing than an `http` part without paths. */
  readonly paths: readonly string[] | undefined;
}

export interface Ingress extends ObjectMeta {
  readonly className: string;
  readonly tlsHosts: readonly string[];
  readonly rules: readonly IngressRule[];
}
