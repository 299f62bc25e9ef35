import { describe, expect, test } from '@jest/globals';
import type { ServiceJoins } from '../../../../lib/backends/kubernetes/roles/behind.ts';
import { buildEndpointsGroup, endpoints } from '../../../../lib/backends/kubernetes/roles/endpoints.ts';
import { plainShop, podLabels, shop, toPod } from './joined.ts';
import { readOne, short } from './read.ts';

const http = { name: 'http', port: 80, protocol: 'TCP' };
const group = (subsets: readonly object[], joins: ServiceJoins = plainShop, name = 'web') =>
  buildEndpointsGroup(
    readOne(endpoints, { metadata: { name, namespace: 'shop', labels: { headless: '' } }, subsets }),
    joins,
  );
const targets = (subsets: readonly object[], joins: ServiceJoins = plainShop) =>
  group(subsets, joins)?.targets.map(short);

const fixed = { endpoint_port_name: 'http', endpoint_port_protocol: 'TCP', endpoint_ready: 'true' };
const otherPorts = [
  {
    ...podLabels,
    __address__: '10.1.0.7:81',
    pod_container_init: 'false',
    pod_container_name: 'side',
    pod_container_port_number: '81',
    pod_container_port_protocol: 'TCP',
  },
  {
    ...podLabels,
    __address__: '10.1.0.7:15090',
    pod_container_init: 'true',
    pod_container_name: 'proxy',
    pod_container_port_name: 'stats',
    pod_container_port_number: '15090',
    pod_container_port_protocol: 'TCP',
  },
];

describe('an Endpoints object', () => {
  test('carries its own labels and those of the service of its name', () => {
    const plain = group([{ addresses: [{ ip: '192.0.2.1' }], ports: [http] }]);
    expect([plain?.source, short(plain?.labels ?? {})]).toEqual([
      'endpoints/shop/web',
      {
        endpoints_labelpresent_headless: 'true',
        endpoints_name: 'web',
        namespace: 'shop',
        service_annotation_scrape: 'yes',
        service_annotationpresent_scrape: 'true',
        service_name: 'web',
      },
    ]);
  });

  test('without a service carries its own labels alone', () => {
    const lonely = group([{ addresses: [{ ip: '192.0.2.1' }], ports: [http] }], shop, 'lonely');
    expect(short(lonely?.labels ?? {})).toEqual({
      endpoints_labelpresent_headless: 'true',
      endpoints_name: 'lonely',
      namespace: 'shop',
      namespace_label_team: 'x',
      namespace_labelpresent_team: 'true',
    });
  });

  test('has a target for each address and port, ready or not, whoever is behind it', () => {
    const subsets = [
      {
        addresses: [{ ip: 'fd00::1', hostname: 'db-0' }],
        notReadyAddresses: [{ ip: '192.0.2.2', targetRef: { kind: 'Pod', namespace: 'shop', name: 'gone' } }],
        ports: [http, { port: 53, protocol: 'UDP' }],
      },
    ];
    const unready = {
      endpoint_ready: 'false',
      endpoint_address_target_kind: 'Pod',
      endpoint_address_target_name: 'gone',
    };
    expect(targets(subsets)).toEqual([
      { ...fixed, __address__: '[fd00::1]:80', endpoint_hostname: 'db-0' },
      { ...fixed, ...unready, __address__: '192.0.2.2:80' },
      {
        __address__: '[fd00::1]:53',
        endpoint_hostname: 'db-0',
        endpoint_port_protocol: 'UDP',
        endpoint_ready: 'true',
      },
      { ...unready, __address__: '192.0.2.2:53', endpoint_port_protocol: 'UDP' },
    ]);
  });

  test('with a pod behind it has the labels of the pod and its other ports too', () => {
    expect(
      targets([{ addresses: [{ ip: '10.1.0.7', nodeName: 'n1', ...toPod('web-1') }], ports: [http] }]),
    ).toEqual([
      {
        ...fixed,
        ...podLabels,
        __address__: '10.1.0.7:80',
        endpoint_address_target_kind: 'Pod',
        endpoint_address_target_name: 'web-1',
        endpoint_node_name: 'n1',
        pod_container_image: 'app:1',
        pod_container_init: 'false',
        pod_container_name: 'app',
        pod_container_port_name: 'http',
        pod_container_port_number: '80',
        pod_container_port_protocol: 'TCP',
      },
      ...otherPorts,
    ]);
  });

  test('has no other ports of a pod without an IP', () => {
    const addresses = [{ ip: '10.1.0.8', ...toPod('new') }];
    expect(targets([{ addresses, ports: [http] }])).toMatchObject([
      { __address__: '10.1.0.8:80', pod_name: 'new', pod_phase: 'Pending', pod_container_name: 'app' },
    ]);
  });

  test('takes the last of several containers with its port, and its own protocol', () => {
    const [target] = targets([{ addresses: [{ ip: 'fd00::7', ...toPod('twice') }], ports: [http] }]) ?? [];
    const labels = Object.entries(target ?? {}).filter(([name]) => name.startsWith('pod_container'));
    expect(Object.fromEntries(labels)).toEqual({
      pod_container_name: 'b',
      pod_container_init: 'false',
      pod_container_port_number: '80',
      pod_container_port_protocol: 'TCP',
    });
  });

  test('without ports or addresses has no target', () => {
    expect([group([]), group([{ addresses: [{ ip: '192.0.2.1' }] }]), group([{ ports: [http] }])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('attached nodes', () => {
  const attached = { node_label_zone: 'a', node_labelpresent_zone: 'true', node_name: 'n1' };
  const nodesOf = (address: object) =>
    targets([{ addresses: [{ ip: '192.0.2.1', ...address }], ports: [http] }], shop)?.map((target) =>
      Object.fromEntries(Object.entries(target).filter(([name]) => name.startsWith('node_'))),
    );

  test('go to the addresses on them, and to those that stand for them', () => {
    expect(nodesOf({ nodeName: 'n1' })).toEqual([attached]);
    expect(nodesOf({ targetRef: { kind: 'Node', name: 'n1' } })).toEqual([attached]);
  });

  test('are those that the address names before those it stands for', () => {
    expect(nodesOf({ nodeName: 'n2', targetRef: { kind: 'Node', name: 'n1' } })).toEqual([{}]);
  });

  test('do not go to the other ports of pods', () => {
    expect(nodesOf({ nodeName: 'n1', ...toPod('web-1') })).toEqual([attached, {}, {}]);
  });
});
