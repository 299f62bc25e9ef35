import { describe, expect, test } from '@jest/globals';
import { buildIngressGroup, ingress } from '../../../../lib/backends/kubernetes/roles/ingress.ts';
import { buildNodeGroup, node } from '../../../../lib/backends/kubernetes/roles/node.ts';
import { buildServiceGroup, service } from '../../../../lib/backends/kubernetes/roles/service.ts';
import { readOne, short } from './read.ts';

const metadata = { name: 'web', namespace: 'shop' };

describe('a node', () => {
  const group = (status: object, spec: object = {}) =>
    buildNodeGroup(readOne(node, { metadata: { name: 'n1' }, spec, status }));

  test('is its kubelet, at the first of its addresses of the best type', () => {
    const addresses = [
      { type: 'Hostname', address: 'n1.local' },
      { type: 'ExternalIP', address: '192.0.2.1' },
      { type: 'InternalIP', address: 'fd00::1' },
      { type: 'InternalIP', address: '10.0.0.1' },
    ];
    expect(
      group(
        { addresses, daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } },
        { providerID: 'aws:///a/i-1' },
      ),
    ).toEqual({
      source: 'node/n1',
      labels: { __meta_kubernetes_node_name: 'n1', __meta_kubernetes_node_provider_id: 'aws:///a/i-1' },
      targets: [
        {
          __address__: '[fd00::1]:10250',
          __meta_kubernetes_node_address_ExternalIP: '192.0.2.1',
          __meta_kubernetes_node_address_Hostname: 'n1.local',
          __meta_kubernetes_node_address_InternalIP: 'fd00::1',
          instance: 'n1',
        },
      ],
    });
  });

  test.each([
    ['InternalDNS', ['Hostname', 'LegacyHostIP', 'ExternalDNS', 'ExternalIP', 'InternalDNS']],
    ['ExternalIP', ['Hostname', 'LegacyHostIP', 'ExternalDNS', 'ExternalIP']],
    ['ExternalDNS', ['Hostname', 'LegacyHostIP', 'ExternalDNS']],
    ['LegacyHostIP', ['Hostname', 'LegacyHostIP']],
    ['Hostname', ['Odd', 'Hostname']],
  ])('is reached at its %s when its addresses are %j', (best, types) => {
    const addresses = types.map((type) => ({ type, address: type }));
    expect(group({ addresses })?.targets[0]?.__address__).toBe(`${best}:0`);
  });

  test('without an address that is known has no target', () => {
    expect([group({}), group({ addresses: [{ type: 'Odd', address: 'x' }] })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a service', () => {
  const group = (spec: object) => buildServiceGroup(readOne(service, { metadata, spec }), {});
  const first = (spec: object) => short(group({ ports: [{ port: 80 }], ...spec })?.targets[0] ?? {});

  test('is its ports at its name', () => {
    const ports = [
      { name: 'http', port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ];
    expect(group({ ports, type: 'NodePort', clusterIP: '10.96.0.7' })).toEqual({
      source: 'svc/shop/web',
      labels: { __meta_kubernetes_namespace: 'shop', __meta_kubernetes_service_name: 'web' },
      targets: ports.map(({ name, port, protocol }) => ({
        __address__: `web.shop.svc:${port}`,
        __meta_kubernetes_service_cluster_ip: '10.96.0.7',
        __meta_kubernetes_service_port_name: name,
        __meta_kubernetes_service_port_number: String(port),
        __meta_kubernetes_service_port_protocol: protocol,
        __meta_kubernetes_service_type: 'NodePort',
      })),
    });
  });

  test('that is headless says so', () => {
    expect(first({ type: 'ClusterIP', clusterIP: 'None' })).toMatchObject({ service_cluster_ip: 'None' });
  });

  test('of another name has that name and no cluster IP', () => {
    expect(first({ type: 'ExternalName', externalName: 'db.example.com', clusterIP: 'x' })).toEqual({
      __address__: 'web.shop.svc:80',
      service_external_name: 'db.example.com',
      service_port_number: '80',
      service_type: 'ExternalName',
    });
  });

  test('behind a load balancer has the IP that was asked for', () => {
    const spec = { clusterIP: '10.96.0.8', loadBalancerIP: '192.0.2.9' };
    expect(first({ ...spec, type: 'LoadBalancer' })).toMatchObject({ service_loadbalancer_ip: '192.0.2.9' });
    expect(first({ ...spec, type: 'NodePort' })).not.toHaveProperty('service_loadbalancer_ip');
  });

  test('without ports has no target', () => {
    expect(group({ type: 'ExternalName', externalName: 'x' })).toBeUndefined();
  });
});

describe('an ingress', () => {
  const group = (spec: object) => buildIngressGroup(readOne(ingress, { metadata, spec }), {});
  const paths = (...all: (string | undefined)[]) => ({ http: { paths: all.map((path) => ({ path })) } });
  const addresses = (spec: object) =>
    group(spec)?.targets.map(
      ({
        __meta_kubernetes_ingress_scheme: scheme,
        __address__: host,
        __meta_kubernetes_ingress_path: path,
      }) => `${scheme}://${host}${path}`,
    );

  test('is its hosts and paths', () => {
    const spec = { ingressClassName: 'nginx', rules: [{ host: 'a.example.com', ...paths('/x') }] };
    expect(group(spec)).toEqual({
      source: 'ingress/shop/web',
      labels: {
        __meta_kubernetes_ingress_class_name: 'nginx',
        __meta_kubernetes_ingress_name: 'web',
        __meta_kubernetes_namespace: 'shop',
      },
      targets: [
        {
          __address__: 'a.example.com',
          __meta_kubernetes_ingress_host: 'a.example.com',
          __meta_kubernetes_ingress_path: '/x',
          __meta_kubernetes_ingress_scheme: 'http',
        },
      ],
    });
  });

  test('has the root for a rule without paths or for an empty path, and nothing for an empty list of paths', () => {
    const rules = [{ host: 'a' }, { host: 'b', ...paths(undefined, '') }, { host: 'c', ...paths() }];
    expect(addresses({ rules })).toEqual(['http://a/', 'http://b/', 'http://b/']);
  });

  test('has a target without an address for a rule without a host', () => {
    expect(group({ rules: [paths('/x')] })?.targets).toEqual([
      { __address__: '', __meta_kubernetes_ingress_path: '/x', __meta_kubernetes_ingress_scheme: 'http' },
    ]);
  });

  test.each([
    ['a.example.com', 'a.example.com', 'https'],
    ['*.example.com', 'a.example.com', 'https'],
    ['*.example.com', 'a.b.example.com', 'http'],
    ['*.example.com', 'example.com', 'http'],
    ['*.example.com', '*.example.com', 'https'],
    ['a*.example.com', 'ab.example.com', 'http'],
    ['*.a.com', 'x.b.com', 'http'],
    ['*', 'localhost', 'https'],
    ['*', 'a.b', 'http'],
    ['', '', 'https'],
  ])('with TLS for %j serves %j by %s', (pattern, host, scheme) => {
    expect(addresses({ tls: [{}, { hosts: ['other', pattern] }], rules: [{ host }] })).toEqual([
      `${scheme}://${host}/`,
    ]);
  });

  test('without rules has no target', () => {
    expect(group({ defaultBackend: { service: { name: 'x' } } })).toBeUndefined();
  });
});
