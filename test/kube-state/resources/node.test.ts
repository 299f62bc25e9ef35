import { describe, expect, test } from '@jest/globals';
import { node } from '../../../lib/kube-state/resources/node.ts';
import { linesOf } from './harness.ts';

const own = 'node="n-1"';
const metadata = { name: 'n-1' };

test('a node that is drained and deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/os': 'linux' },
      annotations: { note: '1' },
    },
    spec: {
      podCIDR: '10.0.0.0/24',
      podCIDRs: ['10.0.0.0/24', 'fd00::/64'],
      providerID: 'aws:///eu-west-1a/i-1',
      unschedulable: true,
      taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }],
    },
    status: {
      capacity: { cpu: '4' },
      allocatable: { cpu: '3920m' },
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [
        { type: 'InternalIP', address: '192.168.1.5' },
        { type: 'Hostname', address: 'n-1' },
      ],
      nodeInfo: {
        systemUUID: '6a934e21',
        kernelVersion: '6.12',
        osImage: 'Debian GNU/Linux "trixie"',
        containerRuntimeVersion: 'containerd://2.1',
        kubeletVersion: 'v1.36.0',
        kubeProxyVersion: 'v1.36.0',
      },
    },
  };
  expect(await linesOf(node, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_node_annotations{${own},annotation_note="1"} 1`,
    `kube_node_created{${own}} 1.7698608e+09`,
    `kube_node_deletion_timestamp{${own}} 1.769904e+09`,
    `kube_node_info{${own},kernel_version="6.12",os_image="Debian GNU/Linux \\"trixie\\"",container_runtime_version="containerd://2.1",kubelet_version="v1.36.0",kubeproxy_version="deprecated",provider_id="aws:///eu-west-1a/i-1",pod_cidr="10.0.0.0/24",system_uuid="6a934e21",internal_ip="192.168.1.5"} 1`,
    `kube_node_labels{${own},label_kubernetes_io_os="linux",label_node_role_kubernetes_io_control_plane=""} 1`,
    `kube_node_role{${own},role="control-plane"} 1`,
    `kube_node_spec_pod_cidrs{${own},pod_cidr="10.0.0.0/24"} 1`,
    `kube_node_spec_pod_cidrs{${own},pod_cidr="fd00::/64"} 1`,
    `kube_node_spec_taint{${own},key="node.kubernetes.io/unschedulable",value="",effect="NoSchedule"} 1`,
    `kube_node_spec_unschedulable{${own}} 1`,
    `kube_node_status_allocatable{${own},resource="cpu",unit="core"} 3.92`,
    `kube_node_status_capacity{${own},resource="cpu",unit="core"} 4`,
    `kube_node_status_condition{${own},condition="Ready",status="true"} 1`,
    `kube_node_status_condition{${own},condition="Ready",status="false"} 0`,
    `kube_node_status_condition{${own},condition="Ready",status="unknown"} 0`,
    `kube_node_status_addresses{${own},type="InternalIP",address="192.168.1.5"} 1`,
    `kube_node_status_addresses{${own},type="Hostname",address="n-1"} 1`,
  ]);
});

test('a node of which nothing is known has empty labels', async () => {
  expect(await linesOf(node, { metadata })).toEqual([
    `kube_node_info{${own},kernel_version="",os_image="",container_runtime_version="",kubelet_version="",kubeproxy_version="deprecated",provider_id="",pod_cidr="",system_uuid="",internal_ip=""} 1`,
    `kube_node_spec_unschedulable{${own}} 0`,
  ]);
});

test('of several internal addresses the last is shown as the one', async () => {
  const addresses = [
    { type: 'InternalIP', address: '192.168.1.5' },
    { type: 'ExternalIP', address: '198.51.100.7' },
    { type: 'InternalIP', address: 'fd00::5' },
    { type: 'InternalDNS', address: 'n-1.internal' },
  ];
  const families = ['kube_node_info', 'kube_node_status_addresses'];
  const lines = await linesOf(node, { metadata, status: { addresses } }, { families });
  expect(lines.map((line) => line.replace(/^(kube_node_info\{).*(internal_ip)/, '$1$2'))).toEqual([
    'kube_node_info{internal_ip="fd00::5"} 1',
    `kube_node_status_addresses{${own},type="InternalIP",address="192.168.1.5"} 1`,
    `kube_node_status_addresses{${own},type="ExternalIP",address="198.51.100.7"} 1`,
    `kube_node_status_addresses{${own},type="InternalIP",address="fd00::5"} 1`,
    `kube_node_status_addresses{${own},type="InternalDNS",address="n-1.internal"} 1`,
  ]);
});

test('roles are read off the labels, whether those are shown or not', async () => {
  const labels = {
    'node-role.kubernetes.io/': 'x',
    'node-role.kubernetes.io/worker': 'true',
    'node-role.kubernetes.io': 'y',
    'kubernetes.io/role': 'master',
    'x.node-role.kubernetes.io/z': '',
  };
  const object = { metadata: { ...metadata, labels } };
  expect(await linesOf(node, object, { families: ['kube_node_role'] })).toEqual([
    `kube_node_role{${own},role=""} 1`,
    `kube_node_role{${own},role="worker"} 1`,
  ]);
});

test('each taint is told', async () => {
  const taints = [
    { key: 'dedicated', value: 'db', effect: 'NoExecute' },
    { key: 'a\\b', value: 'two\nlines', effect: 'PreferNoSchedule' },
    {},
  ];
  expect(await linesOf(node, { metadata, spec: { taints } }, { families: ['kube_node_spec_taint'] })).toEqual(
    [
      `kube_node_spec_taint{${own},key="dedicated",value="db",effect="NoExecute"} 1`,
      `kube_node_spec_taint{${own},key="a\\\\b",value="two\\nlines",effect="PreferNoSchedule"} 1`,
      `kube_node_spec_taint{${own},key="",value="",effect=""} 1`,
    ],
  );
});

describe('a condition', () => {
  test.each([
    ['True', [1, 0, 0]],
    ['False', [0, 1, 0]],
    ['Unknown', [0, 0, 1]],
    ['', [0, 0, 0]],
  ])('%p', async (status, [yes, no, unknown]) => {
    const object = { metadata, status: { conditions: [{ type: 'KernelDeadlock', status }] } };
    const condition = `kube_node_status_condition{${own},condition="KernelDeadlock"`;
    expect(await linesOf(node, object, { families: ['kube_node_status_condition'] })).toEqual([
      `${condition},status="true"} ${yes}`,
      `${condition},status="false"} ${no}`,
      `${condition},status="unknown"} ${unknown}`,
    ]);
  });
});

describe.each(['allocatable', 'capacity'])('of what a node has, %s', (field) => {
  const family = `kube_node_status_${field}`;
  const line = (resource: string, unit: string, value: string) =>
    `${family}{${own},resource="${resource}",unit="${unit}"} ${value}`;

  test.each([
    ['cpu', '4300m', [line('cpu', 'core', '4.3')]],
    ['cpu', '1u', [line('cpu', 'core', '0.001')]],
    ['cpu', '10E', [line('cpu', 'core', '0')]],
    ['cpu', '9E', [line('cpu', 'core', '9e+18')]],
    ['memory', '2Gi', [line('memory', 'byte', '2.147483648e+09')]],
    ['memory', '1500m', [line('memory', 'byte', '1.5')]],
    ['memory', '0', [line('memory', 'byte', '0')]],
    ['memory', '16Ei', [line('memory', 'byte', '9.223372036854776e+18')]],
    ['storage', '3G', [line('storage', 'byte', '3e+09')]],
    ['ephemeral-storage', '1234567890', [line('ephemeral_storage', 'byte', '1.23456789e+09')]],
    ['pods', '110', [line('pods', 'integer', '110')]],
    ['hugepages-1Gi', '4Gi', [line('hugepages_1Gi', 'byte', '4.294967296e+09')]],
    ['attachable-volumes-aws-ebs', '25', [line('attachable_volumes_aws_ebs', 'byte', '25')]],
    ['nvidia.com/gpu', '4', [line('nvidia_com_gpu', 'integer', '4')]],
    ['example.com/Odd_1.x', '1', [line('example_com_Odd_1_x', 'integer', '1')]],
    [
      'hugepages-odd.example.com/x',
      '2',
      [line('hugepages_odd_example_com_x', 'byte', '2'), line('hugepages_odd_example_com_x', 'integer', '2')],
    ],
    ['services', '3', []],
    ['kubernetes.io/batteries', '3', []],
    ['sub.kubernetes.io/batteries', '3', []],
    ['requests.example.com/gpu', '3', []],
    ['Example.com/gpu', '3', []],
    ['example.com/', '3', []],
    ['/gpu', '3', []],
    ['example.com/a/b', '3', []],
    ['example.com/-gpu', '3', []],
    [`example.com/${'g'.repeat(63)}`, '3', [line(`example_com_${'g'.repeat(63)}`, 'integer', '3')]],
    [`example.com/${'g'.repeat(64)}`, '3', []],
    [`${'e'.repeat(244)}/gpu`, '3', [line(`${'e'.repeat(244)}_gpu`, 'integer', '3')]],
    [`${'e'.repeat(245)}/gpu`, '3', []],
  ])('%p of %p', async (name, quantity, lines) => {
    const object = { metadata, status: { [field]: { [name]: quantity } } };
    expect(await linesOf(node, object, { families: [family] })).toEqual(lines);
  });
});
