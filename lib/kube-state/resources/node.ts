import { nodeSpec, nodeStatus } from '../../backends/kubernetes/kinds/messages.ts';
import { struct, text, word } from '../../backends/kubernetes/wire/fields.ts';
import { quantities } from '../../backends/kubernetes/wire/scalars.ts';
import { quantityValue } from '../quantity.ts';
import { resource } from '../resource.ts';
import * as common from './common.ts';

const rolePrefix = 'node-role.kubernetes.io/';

/** Source: kube-state-metrics, docs/metrics/cluster/node-metrics. */
export const node = resource({
  resource: 'nodes',
  apiVersion: 'v1',
  listKind: 'NodeList',
  namespaced: false,
  identity: ['node'],
  reads: { labels: true },
  fields: {
    spec: struct(2, nodeSpec),
    status: struct(3, {
      capacity: quantities(1),
      allocatable: quantities(2),
      ...nodeStatus,
      nodeInfo: struct(7, {
        systemUUID: text(2),
        kernelVersion: word(4),
        osImage: word(5),
        containerRuntimeVersion: word(6),
        kubeletVersion: word(7),
      }),
    }),
  },
  families: [
    common.annotations('node'),
    common.created('node', { stable: true }),
    common.deletionTimestamp('node'),
    {
      name: 'kube_node_info',
      help: 'Information about a cluster node.',
      stable: true,
      labels: [
        'kernel_version',
        'os_image',
        'container_runtime_version',
        'kubelet_version',
        'kubeproxy_version',
        'provider_id',
        'pod_cidr',
        'system_uuid',
        'internal_ip',
      ],
      samples({ spec, status: { nodeInfo: info, addresses } }, add) {
        const { kernelVersion, osImage, containerRuntimeVersion: runtime, kubeletVersion, systemUUID } = info;
        const internal = addresses.findLast(({ type }) => type === 'InternalIP')?.address ?? '';
        const { providerID, podCIDR } = spec;
        const versions = [kernelVersion, osImage, runtime, kubeletVersion, 'deprecated'];
        add(1, ...versions, providerID, podCIDR, systemUUID, internal);
      },
    },
    common.labels('node', { stable: true }),
    {
      name: 'kube_node_role',
      help: 'The role of a cluster node.',
      labels: ['role'],
      samples({ labels }, add) {
        common.forPairs(labels, (key) => {
          if (key.startsWith(rolePrefix)) add(1, key.slice(rolePrefix.length));
        });
      },
    },
    {
      name: 'kube_node_spec_pod_cidrs',
      help: 'The pod CIDRs of a cluster node.',
      labels: ['pod_cidr'],
      samples({ spec }, add) {
        for (const cidr of spec.podCIDRs) add(1, cidr);
      },
    },
    {
      name: 'kube_node_spec_taint',
      help: 'The taint of a cluster node.',
      stable: true,
      labels: ['key', 'value', 'effect'],
      samples({ spec }, add) {
        for (const { key, value, effect } of spec.taints) add(1, key, value, effect);
      },
    },
    {
      name: 'kube_node_spec_unschedulable',
      help: 'Whether a node can schedule new pods.',
      stable: true,
      value: ({ spec }) => common.oneIf(spec.unschedulable),
    },
    {
      name: 'kube_node_status_allocatable',
      help: 'The allocatable for different resources of a node that are available for scheduling.',
      stable: true,
      labels: ['resource', 'unit'],
      samples: ({ status }, add) => common.addQuantities(status.allocatable, quantityValue, add),
    },
    {
      name: 'kube_node_status_capacity',
      help: 'The capacity for different resources of a node.',
      stable: true,
      labels: ['resource', 'unit'],
      samples: ({ status }, add) => common.addQuantities(status.capacity, quantityValue, add),
    },
    common.conditions('node', 'The condition of a cluster node.', { stable: true }),
    {
      name: 'kube_node_status_addresses',
      help: 'Node address information.',
      labels: ['type', 'address'],
      samples({ status }, add) {
        for (const { type, address } of status.addresses) add(1, type, address);
      },
    },
  ],
});
