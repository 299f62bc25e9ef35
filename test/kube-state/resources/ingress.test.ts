import { describe, expect, test } from '@jest/globals';
import { ingress } from '../../../lib/kube-state/resources/ingress.ts';
import { linesOf } from './harness.ts';

const own = 'namespace="shop",ingress="web"';
const metadata = { name: 'web', namespace: 'shop' };
const toService = { service: { name: 'web', port: { number: 80 } } };

describe('its class', () => {
  const annotations = { 'kubernetes.io/ingress.class': 'traefik' };

  test.each([
    ['is _default where there is none', {}, {}, '_default'],
    ['is that of the spec', {}, { ingressClassName: 'nginx' }, 'nginx'],
    ['is empty where the spec says so', {}, { ingressClassName: '' }, ''],
    ['is that of the annotation', { annotations }, {}, 'traefik'],
    ['is that of the annotation before the spec', { annotations }, { ingressClassName: 'nginx' }, 'traefik'],
    [
      'is empty where the annotation says so',
      { annotations: { 'kubernetes.io/ingress.class': '' } },
      { ingressClassName: 'nginx' },
      '',
    ],
  ])('%s', async (_, maps, spec, shown) => {
    expect(await linesOf(ingress, { metadata: { ...metadata, ...maps }, spec })).toEqual([
      `kube_ingress_info{${own},ingressclass="${shown}"} 1`,
    ]);
  });
});

describe('paths', () => {
  const path = (labels: string) => `kube_ingress_path{${own},${labels}} 1`;

  test.each([
    ['none without rules', [], []],
    ['none of a rule without http', [{ host: 'a.example.com' }], []],
    ['none of a rule without paths', [{ host: 'a.example.com', http: { paths: [] } }], []],
    [
      'of all hosts, to a named port',
      [{ http: { paths: [{ backend: { service: { name: 'web', port: { name: 'http' } } } }] } }],
      [path('host="",path="",path_type="",service_name="web",service_port="0"')],
    ],
    [
      'of several rules and types, to services and resources',
      [
        {
          host: 'a.example.com',
          http: {
            paths: [
              { path: '/api', pathType: 'Exact', backend: toService },
              {
                path: '/img',
                pathType: 'ImplementationSpecific',
                backend: { resource: { apiGroup: 'k8s.example.com', kind: 'Bucket', name: 'images' } },
              },
            ],
          },
        },
        {
          host: '*.example.com',
          http: { paths: [{ path: '/"x"', backend: { resource: { kind: 'ConfigMap', name: 'page' } } }] },
        },
      ],
      [
        path('host="a.example.com",path="/api",path_type="Exact",service_name="web",service_port="80"'),
        path(
          'host="a.example.com",path="/img",path_type="ImplementationSpecific",resource_api_group="k8s.example.com",resource_kind="Bucket",resource_name="images"',
        ),
        path(
          'host="*.example.com",path="/\\"x\\"",path_type="",resource_api_group="",resource_kind="ConfigMap",resource_name="page"',
        ),
      ],
    ],
    [
      'to both, which a server would refuse: the service counts',
      [{ http: { paths: [{ backend: { ...toService, resource: { kind: 'Bucket', name: 'images' } } }] } }],
      [path('host="",path="",path_type="",service_name="web",service_port="80"')],
    ],
    [
      'to nothing, where kube-state-metrics itself would stop',
      [{ http: { paths: [{ path: '/' }] } }],
      [path('host="",path="/",path_type="",resource_api_group="",resource_kind="",resource_name=""')],
    ],
  ])('%s', async (_, rules, lines) => {
    const families = ['kube_ingress_path'];
    expect(await linesOf(ingress, { metadata, spec: { rules } }, { families })).toEqual(lines);
  });

  test('the default backend has no sample', async () => {
    const object = { metadata, spec: { defaultBackend: toService } };
    expect(await linesOf(ingress, object, { families: ['kube_ingress_path'] })).toEqual([]);
  });
});

describe('each host of TLS has a sample', () => {
  const host = (name: string, secret: string) =>
    `kube_ingress_tls{${own},tls_host="${name}",secret="${secret}"} 1`;

  test.each([
    ['none without hosts', [{ secretName: 'cert' }], []],
    ['one without a secret', [{ hosts: ['a.example.com'] }], [host('a.example.com', '')]],
    [
      'several of several secrets',
      [
        { hosts: ['a.example.com', 'b.example.com'], secretName: 'ab' },
        { hosts: ['c'], secretName: 'c' },
      ],
      [host('a.example.com', 'ab'), host('b.example.com', 'ab'), host('c', 'c')],
    ],
  ])('%s', async (_, tls, lines) => {
    expect(await linesOf(ingress, { metadata, spec: { tls } }, { families: ['kube_ingress_tls'] })).toEqual(
      lines,
    );
  });
});
