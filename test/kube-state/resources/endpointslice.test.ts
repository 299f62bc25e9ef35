import { describe, expect, test } from '@jest/globals';
import { endpointSlice } from '../../../lib/kube-state/resources/endpointslice.ts';
import { linesOf } from './harness.ts';

const own = 'endpointslice="web-x7k2p",namespace="shop"';
const metadata = { name: 'web-x7k2p', namespace: 'shop' };

test('a slice has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: { note: 'by hand' },
    },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'web-0',
        targetRef: { kind: 'Pod', namespace: 'shop', name: 'web-0', uid: 'u' },
        nodeName: 'node-a',
        zone: 'eu-1a',
        hints: { forZones: [{ name: 'eu-1a' }] },
      },
    ],
    ports: [{ name: 'http', protocol: 'TCP', port: 8080, appProtocol: 'http' }],
  };
  expect(await linesOf(endpointSlice, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_endpointslice_info{${own},addresstype="IPv4"} 1`,
    `kube_endpointslice_created{${own}} 1.7698608e+09`,
    `kube_endpointslice_endpoints_hints{${own},address="10.0.0.1",for_zone="eu-1a"} 1`,
    `kube_endpointslice_endpoints{${own},ready="true",serving="true",hostname="web-0",terminating="false",targetref_kind="Pod",targetref_name="web-0",targetref_namespace="shop",endpoint_nodename="node-a",endpoint_zone="eu-1a",address="10.0.0.1"} 1`,
    `kube_endpointslice_ports{${own},port_name="http",port_protocol="TCP",port_number="8080"} 1`,
    `kube_endpointslice_annotations{${own},annotation_note="by hand"} 1`,
    `kube_endpointslice_labels{${own},label_kubernetes_io_service_name="web"} 1`,
  ]);
});

describe('the kind of its addresses is shown', () => {
  test.each([['IPv4'], ['IPv6'], ['FQDN'], ['']])('%j', async (addressType) => {
    expect(await linesOf(endpointSlice, { metadata, addressType })).toEqual([
      `kube_endpointslice_info{${own},addresstype="${addressType}"} 1`,
    ]);
  });
});

describe('each condition is true, false or not known', () => {
  const rest =
    'targetref_kind="",targetref_name="",targetref_namespace="",endpoint_nodename="",endpoint_zone=""';

  test.each([
    [{ ready: false, serving: true, terminating: true }, 'false', 'true', 'true'],
    [{ ready: true }, 'true', '', ''],
    [{ serving: false }, '', 'false', ''],
    [{ terminating: false }, '', '', 'false'],
    [{}, '', '', ''],
    [undefined, '', '', ''],
  ])('%j', async (conditions, ready, serving, terminating) => {
    const endpoints = [{ addresses: ['fd00::1'], ...(conditions && { conditions }) }];
    const families = ['kube_endpointslice_endpoints'];
    expect(await linesOf(endpointSlice, { metadata, endpoints }, { families })).toEqual([
      `kube_endpointslice_endpoints{${own},ready="${ready}",serving="${serving}",hostname="",terminating="${terminating}",${rest},address="fd00::1"} 1`,
    ]);
  });
});

describe('endpoints come once for each of their addresses', () => {
  const empty = 'ready="",serving="",hostname="",terminating=""';

  test.each([
    ['none', [{ addresses: [], nodeName: 'node-a' }], []],
    [
      'two, of a pod that has no namespace',
      [{ addresses: ['10.0.0.1', '10.0.0.2'], targetRef: { kind: 'Node', name: 'node-a' }, zone: '' }],
      ['10.0.0.1', '10.0.0.2'].map(
        (address) =>
          `kube_endpointslice_endpoints{${own},${empty},targetref_kind="Node",targetref_name="node-a",targetref_namespace="",endpoint_nodename="",endpoint_zone="",address="${address}"} 1`,
      ),
    ],
    [
      'several endpoints with node or zone',
      [
        { addresses: ['10.0.0.1'], nodeName: 'node-a' },
        { addresses: ['10.0.0.2'], zone: 'eu-1b', targetRef: {} },
      ],
      [
        `kube_endpointslice_endpoints{${own},${empty},targetref_kind="",targetref_name="",targetref_namespace="",endpoint_nodename="node-a",endpoint_zone="",address="10.0.0.1"} 1`,
        `kube_endpointslice_endpoints{${own},${empty},targetref_kind="",targetref_name="",targetref_namespace="",endpoint_nodename="",endpoint_zone="eu-1b",address="10.0.0.2"} 1`,
      ],
    ],
  ])('%s', async (_, endpoints, lines) => {
    const families = ['kube_endpointslice_endpoints'];
    expect(await linesOf(endpointSlice, { metadata, endpoints }, { families })).toEqual(lines);
  });
});

describe('hints are shown for the first address of an endpoint', () => {
  const hint = (address: string, zone: string) =>
    `kube_endpointslice_endpoints_hints{${own},address="${address}",for_zone="${zone}"} 1`;
  const forZones = [{ name: 'eu-1a' }, { name: 'eu-1b' }];

  test.each([
    ['no hints', [{ addresses: ['10.0.0.1'] }], []],
    ['hints of no zone', [{ addresses: ['10.0.0.1'], hints: { forZones: [] } }], []],
    ['hints of nodes alone', [{ addresses: ['10.0.0.1'], hints: { forNodes: [{ name: 'node-a' }] } }], []],
    ['no address', [{ addresses: [], hints: { forZones } }], []],
    [
      'two zones, two addresses, and a second endpoint',
      [
        { addresses: ['10.0.0.1', '10.0.0.2'], hints: { forZones } },
        { addresses: ['10.0.0.3'], hints: { forZones: [{ name: 'eu-1c' }] } },
      ],
      [hint('10.0.0.1', 'eu-1a'), hint('10.0.0.1', 'eu-1b'), hint('10.0.0.3', 'eu-1c')],
    ],
  ])('%s', async (_, endpoints, lines) => {
    const families = ['kube_endpointslice_endpoints_hints'];
    expect(await linesOf(endpointSlice, { metadata, endpoints }, { families })).toEqual(lines);
  });
});

test('of a port what the slice does not say is empty', async () => {
  const ports = [
    { name: '', protocol: 'TCP', port: 0 },
    { name: 'all', protocol: 'SCTP' },
    { port: 65535 },
    {},
  ];
  expect(
    await linesOf(endpointSlice, { metadata, ports }, { families: ['kube_endpointslice_ports'] }),
  ).toEqual([
    `kube_endpointslice_ports{${own},port_name="",port_protocol="TCP",port_number="0"} 1`,
    `kube_endpointslice_ports{${own},port_name="all",port_protocol="SCTP",port_number=""} 1`,
    `kube_endpointslice_ports{${own},port_name="",port_protocol="",port_number="65535"} 1`,
    `kube_endpointslice_ports{${own},port_name="",port_protocol="",port_number=""} 1`,
  ]);
});
