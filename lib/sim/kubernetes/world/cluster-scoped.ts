import { freeze, type Json, type JsonObject } from '../wire/json.ts';
import { hex, share, uid } from './draw.ts';
import { managedFields } from './metadata.ts';
import type { NamespacePlan, NodePlan } from './plan.ts';

const since = '2026-01-01T00:00:00Z';

/** The object of a node. */
export function nodeObject(plan: NodePlan): JsonObject {
  const { name, seed, zone, number, labels, annotations, shape, version } = plan;
  const cordoned = share(seed, 1) < 0.05;
  return {
    metadata: {
      name,
      uid: uid(seed),
      resourceVersion: String(version),
      creationTimestamp: since,
      labels,
      annotations,
      managedFields: nodeFields,
    },
    spec: {
      podCIDR: `10.64.${number & 255}.0/24`,
      podCIDRs: [`10.64.${number & 255}.0/24`],
      providerID: `aws:///${zone}/i-${hex(seed, 2)}${hex(seed, 3)}`,
      unschedulable: cordoned || undefined,
      taints: cordoned ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : undefined,
    },
    status: {
      ...commonStatus,
      addresses: addressesOf(plan),
      ...(shape !== 'no-kubelet' && { daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } } }),
    },
  };
}

function addressesOf({ name, address, number, shape }: NodePlan): readonly Json[] | undefined {
  const internal = { type: 'InternalIP', address };
  const external = { type: 'ExternalIP', address: `203.0.113.${number & 255}` };
  const names = [
    { type: 'Hostname', address: name },
    { type: 'InternalDNS', address: name },
  ];
  switch (shape) {
    case 'no-internal':
      return [...names, external];
    case 'hostname-only':
      return names.slice(0, 1);
    case 'no-address':
      return undefined;
    case 'many-addresses':
      return [
        { type: 'InternalIP', address: `fd00:168::${(number + 1).toString(16)}` },
        internal,
        external,
        ...names,
        { type: 'ExternalDNS', address: 'node.example.com' },
      ];
    default:
      return [internal, ...names];
  }
}

const commonStatus: JsonObject = freeze({
  capacity: { cpu: '8', 'ephemeral-storage': '100Gi', memory: '32Gi', pods: '58' },
  allocatable: { cpu: '7910m', memory: '30Gi', pods: '58' },
  conditions: [
    condition('Ready', 'True', 'KubeletReady'),
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
  ],
  nodeInfo: {
    machineID: 'ec2a1c94b8f24c0f8d7ab1d6c2e60f11',
    systemUUID: 'ec2a1c94-b8f2-4c0f-8d7a-b1d6c2e60f11',
    bootID: '5ad2b9d6-41f5-4f3e-9fd2-3c0f3f5a7f10',
    kernelVersion: '6.12.10',
    osImage: 'Amazon Linux 2023',
    containerRuntimeVersion: 'containerd://2.1.0',
    kubeletVersion: 'v1.36.1',
    kubeProxyVersion: 'v1.36.1',
    operatingSystem: 'linux',
    architecture: 'amd64',
  },
  images: Array.from({ length: 20 }, (_, index) => ({
    names: [`registry.example.com/team/app-${index}:1.${index}`],
    sizeBytes: 100_000_000 + index,
  })),
});

function condition(type: string, status: string, reason: string): JsonObject {
  return { type, status, lastHeartbeatTime: since, lastTransitionTime: since, reason };
}

const nodeFields = managedFields(
  'v1',
  since,
  { metadata: { labels: { 'kubernetes.io/os': '' } } },
  commonStatus,
);

/** The object of a namespace. */
export function namespaceObject({ name, labels, annotations, version }: NamespacePlan): JsonObject {
  return {
    metadata: {
      name,
      uid: uid(version),
      resourceVersion: String(version),
      creationTimestamp: since,
      labels,
      annotations,
    },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}
