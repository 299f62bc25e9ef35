import { isIPv4, isIPv6 } from 'node:net';
import { resource } from '../resource.ts';
import { annotations, created, deletionTimestamp, labels, owner } from './common.ts';
import { containerFamilies, initContainerFamilies } from './pod-containers.ts';
import { type PodFamily, podFields } from './pod-object.ts';
import { podSpecFamilies } from './pod-spec.ts';
import { podStatusFamilies } from './pod-status.ts';

/** Families of a pod as a whole. */
const podFamilies: readonly PodFamily[] = [
  {
    name: 'kube_pod_completion_time',
    help: 'Completion time in unix timestamp for a pod.',
    stable: true,
    value({ status }) {
      let last = 0;
      for (const { state } of status.containerStatuses) {
        const finished = state.terminated?.finishedAt ?? 0;
        if (finished > last) last = finished;
      }
      return last > 0 ? last : undefined;
    },
  },
  created('pod', { stable: true }),
  deletionTimestamp('pod'),
  {
    name: 'kube_pod_info',
    help: 'Information about pod.',
    stable: true,
    labels: [
      'host_ip',
      'pod_ip',
      'node',
      'created_by_kind',
      'created_by_name',
      'priority_class',
      'host_network',
    ],
    samples({ spec, status, ownerReferences }, add) {
      const { kind = '', name = '' } = ownerReferences.find(({ controller }) => controller === true) ?? {};
      const { nodeName, priorityClassName, hostNetwork } = spec;
      add(1, status.hostIP, status.podIP, nodeName, kind, name, priorityClassName, `${hostNetwork}`);
    },
  },
  {
    name: 'kube_pod_ips',
    help: 'Pod IP addresses',
    labels: ['ip', 'ip_family'],
    samples({ status }, add) {
      for (const { ip } of status.podIPs) {
        const family = familyOf(ip);
        if (family !== undefined) add(1, ip, family);
      }
    },
  },
  annotations('pod'),
  labels('pod', { stable: true }),
  owner('pod', 'Pod', { stable: true }),
];

/** An IPv4 address in IPv6's clothes counts as IPv4. */
function familyOf(ip: string): '4' | '6' | undefined {
  if (isIPv4(ip)) return '4';
  if (!isIPv6(ip)) return undefined;
  return /^(?:0{0,4}:)*:?(?:0{1,4}:)*ffff:(?:\d+\.\d+\.\d+\.\d+|[\da-f]{1,4}:[\da-f]{1,4})$/i.test(ip)
    ? '4'
    : '6';
}

/** Source: kube-state-metrics, docs/metrics/workload/pod-metrics. */
export const pod = resource({
  resource: 'pods',
  apiVersion: 'v1',
  listKind: 'PodList',
  namespaced: true,
  identity: ['namespace', 'pod', 'uid'],
  fields: podFields,
  families: [
    ...podFamilies,
    ...containerFamilies,
    ...initContainerFamilies,
    ...podSpecFamilies,
    ...podStatusFamilies,
  ],
});
