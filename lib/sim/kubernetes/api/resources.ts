import { type Message, messageNamed } from '../wire/messages.ts';

/** A resource that the simulated API server lists. */
export interface Resource<Name extends string = string> {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  /** The last part of its path. */
  readonly name: Name;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Field selectors that the real server knows, apart from `metadata.name` and `metadata.namespace`. */
  readonly selectable: readonly string[];
  readonly message: Message;
}

const resourceNames = [
  'namespaces',
  'nodes',
  'pods',
  'services',
  'endpoints',
  'endpointslices',
  'ingresses',
  'replicasets',
  'jobs',
] as const;
/** A resource that the simulated server lists. */
export type ResourceName = (typeof resourceNames)[number];

const core = { group: '', version: 'v1' } as const;

/** Selectable fields as in pkg/apis/core/v1/conversion.go of Kubernetes. */
export const resources: Readonly<Record<ResourceName, Resource<ResourceName>>> = {
  namespaces: {
    ...core,
    name: 'namespaces',
    kind: 'Namespace',
    namespaced: false,
    selectable: ['status.phase'],
    message: messageNamed('Namespace'),
  },
  nodes: {
    ...core,
    name: 'nodes',
    kind: 'Node',
    namespaced: false,
    selectable: ['spec.unschedulable'],
    message: messageNamed('Node'),
  },
  pods: {
    ...core,
    name: 'pods',
    kind: 'Pod',
    namespaced: true,
    selectable: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ],
    message: messageNamed('Pod'),
  },
  services: {
    ...core,
    name: 'services',
    kind: 'Service',
    namespaced: true,
    selectable: ['spec.clusterIP', 'spec.type'],
    message: messageNamed('Service'),
  },
  endpoints: {
    ...core,
    name: 'endpoints',
    kind: 'Endpoints',
    namespaced: true,
    selectable: [],
    message: messageNamed('Endpoints'),
  },
  endpointslices: {
    group: 'discovery.k8s.io',
    version: 'v1',
    name: 'endpointslices',
    kind: 'EndpointSlice',
    namespaced: true,
    selectable: [],
    message: messageNamed('EndpointSlice'),
  },
  ingresses: {
    group: 'networking.k8s.io',
    version: 'v1',
    name: 'ingresses',
    kind: 'Ingress',
    namespaced: true,
    selectable: [],
    message: messageNamed('Ingress'),
  },
  replicasets: {
    group: 'apps',
    version: 'v1',
    name: 'replicasets',
    kind: 'ReplicaSet',
    namespaced: true,
    selectable: ['status.replicas'],
    message: messageNamed('ReplicaSet'),
  },
  jobs: {
    group: 'batch',
    version: 'v1',
    name: 'jobs',
    kind: 'Job',
    namespaced: true,
    selectable: ['status.successful'],
    message: messageNamed('Job'),
  },
};

/** `v1`, `discovery.k8s.io/v1` … */
export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** A resource, and the namespace of the requested objects. */
export interface ResourceAt<Name extends string = string> {
  readonly resource: Resource<Name>;
  readonly namespace: string | undefined;
}

/** The resource whose list is at this path under `/api` or `/apis`. Undefined for another path. */
export function resourceAt(path: string): ResourceAt<ResourceName> | undefined {
  return resourceAmong(Object.values(resources), path);
}

/** The same for the given resources. */
export function resourceAmong<Name extends string>(
  known: readonly Resource<Name>[],
  path: string,
): ResourceAt<Name> | undefined {
  const [, group = '', version, namespace, name] =
    /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const resource = known.find(
    (each) => each.group === group && each.version === version && each.name === name,
  );
  if (resource === undefined || (namespace !== undefined && !resource.namespaced)) return undefined;
  return { resource, namespace };
}
