import { describe, expect, test } from '@jest/globals';
import { service } from '../../../lib/kube-state/resources/service.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",service="web",uid="u-1"';
const metadata = { name: 'web', namespace: 'shop', uid: 'u-1' };
const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 'http', nodePort: 30080 }];

test('a balanced service that is being deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10', 'fd00::a'],
      ipFamilies: ['IPv4', 'IPv6'],
      externalIPs: ['192.0.2.1', '2001:db8::1'],
      loadBalancerIP: '198.51.100.7',
      externalTrafficPolicy: 'Local',
      ports,
      selector: { app: 'web' },
    },
    status: { loadBalancer: { ingress: [{ ip: '198.51.100.7', ipMode: 'VIP' }] } },
  };
  expect(await linesOf(service, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_service_info{${own},cluster_ip="10.96.0.10",external_name="",load_balancer_ip="198.51.100.7",external_traffic_policy="Local"} 1`,
    `kube_service_created{${own}} 1.7698608e+09`,
    `kube_service_spec_type{${own},type="LoadBalancer"} 1`,
    `kube_service_annotations{${own},annotation_note="by hand"} 1`,
    `kube_service_labels{${own},label_team="infra"} 1`,
    `kube_service_spec_external_ip{${own},external_ip="192.0.2.1"} 1`,
    `kube_service_spec_external_ip{${own},external_ip="2001:db8::1"} 1`,
    `kube_service_status_load_balancer_ingress{${own},ip="198.51.100.7",hostname=""} 1`,
    `kube_service_deletion_timestamp{${own}} 1.769904e+09`,
  ]);
});

describe('of each type', () => {
  const info = (clusterIp: string, externalName: string, policy: string) =>
    `kube_service_info{${own},cluster_ip="${clusterIp}",external_name="${externalName}",load_balancer_ip="",external_traffic_policy="${policy}"} 1`;

  test.each([
    ['ClusterIP', { clusterIP: '10.96.0.10', ports }, info('10.96.0.10', '', '')],
    ['ClusterIP', { clusterIP: 'None', ports }, info('None', '', '')],
    [
      'NodePort',
      { clusterIP: 'fd00::a', ports, externalTrafficPolicy: 'Cluster' },
      info('fd00::a', '', 'Cluster'),
    ],
    ['LoadBalancer', { clusterIP: '10.96.0.11', ports }, info('10.96.0.11', '', '')],
    ['ExternalName', { externalName: 'db.example.com' }, info('', 'db.example.com', '')],
  ])('%s %j', async (type, spec, line) => {
    expect(await linesOf(service, { metadata, spec: { type, ...spec } })).toEqual([
      line,
      `kube_service_spec_type{${own},type="${type}"} 1`,
    ]);
  });

  test('none at all', async () => {
    expect(await linesOf(service, { metadata })).toEqual([
      info('', '', ''),
      `kube_service_spec_type{${own},type=""} 1`,
    ]);
  });
});

describe('what a load balancer gave it is shown', () => {
  const ingressLine = (ip: string, hostname: string) =>
    `kube_service_status_load_balancer_ingress{${own},ip="${ip}",hostname="${hostname}"} 1`;

  test.each([
    ['nothing yet', [], []],
    ['a name', [{ hostname: 'lb.example.com' }], [ingressLine('', 'lb.example.com')]],
    ['address and name', [{ ip: '192.0.2.1', hostname: 'a' }], [ingressLine('192.0.2.1', 'a')]],
    [
      'one of each',
      [{ ip: '2001:db8::1' }, { hostname: 'b', ports: [{ port: 80, protocol: 'TCP' }] }],
      [ingressLine('2001:db8::1', ''), ingressLine('', 'b')],
    ],
    ['an empty one', [{}], [ingressLine('', '')]],
  ])('%s', async (_, ingress, lines) => {
    const object = { metadata, status: { loadBalancer: { ingress } } };
    const families = ['kube_service_status_load_balancer_ingress'];
    expect(await linesOf(service, object, { families })).toEqual(lines);
  });
});
