import { describe, expect, test } from '@jest/globals';
import type { ServiceJoins } from '../../../../lib/backends/kubernetes/roles/behind.ts';
import {
  buildEndpointSliceGroup,
  endpointSlice,
} from '../../../../lib/backends/kubernetes/roles/endpointslice.ts';
import { plainShop, podLabels, shop, toPod } from './joined.ts';
import { readOne, short } from './read.ts';

const http = { name: 'http', port: 80, protocol: 'TCP' };
const ofWeb = { 'kubernetes.io/service-name': 'web' };

const group = (slice: object, joins: ServiceJoins = plainShop, labels: object = ofWeb) =>
  buildEndpointSliceGroup(
    readOne(endpointSlice, {
      metadata: { name: 'web-x', namespace: 'shop', labels },
      addressType: 'IPv4',
      ports: [http],
      ...slice,
    }),
    joins,
  );
const targets = (slice: object, joins: ServiceJoins = plainShop) => group(slice, joins)?.targets.map(short);
const one = (endpoint: object, joins: ServiceJoins = plainShop) =>
  targets({ endpoints: [{ addresses: ['192.0.2.1'], ...endpoint }] }, joins)?.[0];

const fixed = {
  __address__: '192.0.2.1:80',
  endpointslice_port: '80',
  endpointslice_port_name: 'http',
  endpointslice_port_protocol: 'TCP',
};

describe('an endpoint slice', () => {
  test('carries its own labels and those of the service it names', () => {
    const slice = group({ endpoints: [{ addresses: ['192.0.2.1'] }] }, shop);
    expect([slice?.source, short(slice?.labels ?? {})]).toEqual([
      'endpointslice/shop/web-x',
      {
        endpointslice_address_type: 'IPv4',
        endpointslice_label_kubernetes_io_service_name: 'web',
        endpointslice_labelpresent_kubernetes_io_service_name: 'true',
        endpointslice_name: 'web-x',
        namespace: 'shop',
        namespace_label_team: 'x',
        namespace_labelpresent_team: 'true',
        service_annotation_scrape: 'yes',
        service_annotationpresent_scrape: 'true',
        service_name: 'web',
      },
    ]);
  });

  test.each([{}, { 'kubernetes.io/service-name': 'gone' }, { x: 'kubernetes.io/service-name', y: 'web' }])(
    'with the labels %j has no service',
    (labels) => {
      const slice = group({ endpoints: [{ addresses: ['192.0.2.1'] }] }, plainShop, labels);
      expect(short(slice?.labels ?? {})).not.toHaveProperty('service_name');
    },
  );

  test('of the second family has its targets too', () => {
    const slice = group({ addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1', 'fd00::2'] }] });
    expect(short(slice?.labels ?? {})).toMatchObject({ endpointslice_address_type: 'IPv6' });
    expect(slice?.targets.map(({ __address__: address }) => address)).toEqual([
      '[fd00::1]:80',
      '[fd00::2]:80',
    ]);
  });

  test('says of each endpoint whether it is ready, serving and terminating, where that is known', () => {
    expect(one({})).toEqual(fixed);
    expect(one({ conditions: { ready: false, serving: true, terminating: true } })).toEqual({
      ...fixed,
      endpointslice_endpoint_conditions_ready: 'false',
      endpointslice_endpoint_conditions_serving: 'true',
      endpointslice_endpoint_conditions_terminating: 'true',
    });
  });

  test('says where an endpoint is', () => {
    const endpoint = {
      hostname: 'db-0',
      nodeName: 'n1',
      zone: 'eu-1',
      hints: { forZones: [{ name: 'eu-2' }] },
      deprecatedTopology: { 'example.com/rack': '7' },
      targetRef: { kind: 'Other', namespace: 'shop', name: 'x' },
    };
    expect(one(endpoint)).toEqual({
      ...fixed,
      endpointslice_address_target_kind: 'Other',
      endpointslice_address_target_name: 'x',
      endpointslice_endpoint_hostname: 'db-0',
      endpointslice_endpoint_node_name: 'n1',
      endpointslice_endpoint_topology_example_com_rack: '7',
      endpointslice_endpoint_topology_present_example_com_rack: 'true',
      endpointslice_endpoint_zone: 'eu-1',
    });
  });

  test('with a port of any number has the bare address', () => {
    const slice = { ports: [{ name: 'any', appProtocol: 'h2c' }], endpoints: [{ addresses: ['fd00::1'] }] };
    expect(targets(slice)).toEqual([
      { __address__: 'fd00::1', endpointslice_port_app_protocol: 'h2c', endpointslice_port_name: 'any' },
    ]);
  });

  test('with a negative port, which the API lets through, reads as in Prometheus', () => {
    const slice = { ports: [{ port: -1 }], endpoints: [{ addresses: ['192.0.2.1'] }] };
    expect(targets(slice)).toEqual([
      { __address__: '192.0.2.1:18446744073709551615', endpointslice_port: '18446744073709551615' },
    ]);
  });

  test('with a pod behind it has its labels, and its other ports once', () => {
    const ports = [http, { name: 'stats', port: 15090, protocol: 'TCP' }];
    const endpoints = [{ addresses: ['10.1.0.7', '10.1.0.70'], ...toPod('web-1') }];
    const found = targets({ ports, endpoints }) ?? [];
    expect(found.map(({ __address__, pod_container_name }) => [__address__, pod_container_name])).toEqual([
      ['10.1.0.7:80', 'app'],
      ['10.1.0.70:80', 'app'],
      ['10.1.0.7:15090', 'proxy'],
      ['10.1.0.70:15090', 'proxy'],
      ['10.1.0.7:81', 'side'],
    ]);
    expect(found.every((target) => target.pod_label_app === podLabels.pod_label_app)).toBe(true);
  });

  test("calls the protocol what the pod's container calls it", () => {
    expect(one(toPod('twice'))).toMatchObject({
      endpointslice_port_protocol: 'TCP',
      pod_container_name: 'b',
      pod_container_port_protocol: 'SCTP',
    });
  });

  test('without endpoints, addresses or ports has no target', () => {
    expect([
      group({ endpoints: null }),
      group({ endpoints: [{ addresses: [] }] }),
      group({ endpoints: [{ addresses: ['192.0.2.1'] }], ports: null }),
    ]).toEqual([undefined, undefined, undefined]);
  });
});

describe('attached nodes', () => {
  const nodeOf = (endpoint: object) => one(endpoint, shop)?.node_name;

  test('are those that an endpoint stands for before those it is on', () => {
    expect([
      nodeOf({ nodeName: 'n1' }),
      nodeOf({ nodeName: 'n2', targetRef: { kind: 'Node', name: 'n1' } }),
      nodeOf({ nodeName: 'n1', targetRef: { kind: 'Node', name: 'n2' } }),
      nodeOf({}),
    ]).toEqual(['n1', 'n1', undefined, undefined]);
  });
});
