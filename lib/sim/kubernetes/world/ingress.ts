import type { JsonObject } from '../wire/json.ts';
import { draw } from './draw.ts';
import type { IngressShape, Workload } from './plan.ts';
import { metadataOf } from './service.ts';

/** The object of a workload's ingress. */
export function ingressObject(workload: Workload, shape: IngressShape): JsonObject {
  const { name, seed } = workload;
  const host = `${name}.example.com`;
  const annotations = {
    'nginx.ingress.kubernetes.io/rewrite-target': '/',
    ...(shape === 'class-annotation' && { 'kubernetes.io/ingress.class': 'haproxy' }),
  };
  return {
    metadata: {
      ...metadataOf(workload, name, draw(seed, 70), { labels: workload.labels, annotations }),
      generation: 1,
    },
    spec: {
      ...(shape !== 'class-annotation' && shape !== 'no-path' && { ingressClassName: 'nginx' }),
      ...specs[shape](name, host),
    },
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.20' }] } },
  };
}

const specs: Readonly<Record<IngressShape, (name: string, host: string) => JsonObject>> = {
  plain: (name, host) => ({ rules: [rule(name, host, ['/', '/api'])] }),
  tls: (name, host) => ({
    tls: [{ hosts: [host, 'other.example.com'], secretName: 'tls' }],
    rules: [rule(name, host, ['/']), rule(name, 'not-in-tls.example.com', ['/'])],
  }),
  'wildcard-tls': (name, host) => ({
    tls: [{ hosts: ['*.example.com', '*.wild.example.com'], secretName: 'wild' }, { secretName: 'no-hosts' }],
    rules: [
      rule(name, host, ['/']),
      rule(name, '*.example.com', ['/w']),
      rule(name, 'a.b.wild.example.com', ['/deep']),
      rule(name, 'wild.example.com', ['/']),
    ],
  }),
  // A rule for any host has no address, and promtool 3.5 falls over two such targets of one object: never more than one.
  'no-host': (name) => ({ tls: [{ secretName: 'tls' }], rules: [rule(name, undefined, ['/ünï/a b'])] }),
  'no-path': (name, host) => ({ rules: [rule(name, host, [undefined]), { host: `empty.${host}` }] }),
  'many-rules': (name, host) => ({
    tls: [{ hosts: [`two.${host}`], secretName: 'tls' }],
    rules: [
      rule(name, `one.${host}`, ['/', '/a', '/a/b']),
      rule(name, `two.${host}`, ['/', undefined, '/z']),
      rule(name, undefined, ['/any']),
    ],
  }),
  'class-annotation': (name, host) => ({ rules: [rule(name, host, ['/old'])] }),
  'default-backend': (name) => ({ defaultBackend: { service: { name, port: { name: 'http' } } } }),
};

function rule(name: string, host: string | undefined, paths: readonly (string | undefined)[]): JsonObject {
  return {
    host,
    http: {
      paths: paths.map((path) => ({
        path,
        pathType: path === undefined ? 'ImplementationSpecific' : 'Prefix',
        backend: { service: { name, port: { number: 80 } } },
      })),
    },
  };
}
