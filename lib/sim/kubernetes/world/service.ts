import { freeze, type JsonObject } from '../wire/json.ts';
import { draw, share, uid } from './draw.ts';
import { managedFields } from './metadata.ts';
import type { IngressShape, ServicePlan, Workload } from './plan.ts';

/** Metadata of an object in a workload's namespace. */
export function metadataOf(
  workload: Workload,
  name: string,
  seed: number,
  { labels, annotations }: { readonly labels: JsonObject; readonly annotations?: JsonObject },
): JsonObject {
  return {
    name,
    namespace: workload.namespace,
    uid: uid(seed),
    resourceVersion: String(workload.version),
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels,
    annotations,
    managedFields: commonFields,
  };
}

const commonFields = managedFields('v1', '2026-01-01T00:00:00Z', {
  metadata: {
    annotations: { 'prometheus.io/scrape': '' },
    labels: { 'app.kubernetes.io/name': '', release: '' },
  },
});

/** Name, number and target of a port, for the service and for its endpoints. */
export interface ServicePort {
  readonly name: string | undefined;
  readonly protocol: string;
  readonly port: number;
  readonly targetPort: number;
}

/** The ports of a service: those of its pods. If these have none, one port that nobody listens on. */
export function servicePorts({ flavour }: Workload, { shape, quirk }: ServicePlan): readonly ServicePort[] {
  if (shape === 'headless-without-ports') return [];
  const ports =
    flavour.ports.length > 0 ? flavour.ports : ([{ port: 8081, name: undefined, protocol: 'TCP' }] as const);
  const used = quirk === 'unnamed-ports' ? ports.slice(0, 1) : ports;
  return used.map(({ port, name, protocol }, index) => ({
    // If a service has several ports, each must have a name.
    name: quirk === 'unnamed-ports' ? undefined : (name ?? (used.length > 1 ? `port-${index}` : undefined)),
    protocol,
    port: name === 'http' ? 80 : port,
    targetPort: port,
  }));
}

/** The object of a service. */
export function serviceObject(workload: Workload, plan: ServicePlan): JsonObject {
  const { shape, seed } = plan;
  return {
    metadata: metadataOf(workload, plan.name, seed, plan),
    spec: {
      ports: servicePorts(workload, plan).map(({ name, protocol, port, targetPort }, index) => ({
        name,
        protocol,
        port,
        targetPort: index === 1 && name !== undefined ? name : targetPort,
        nodePort:
          shape === 'node-port' || shape === 'load-balancer' ? 30_000 + ((seed + index) % 2767) : undefined,
        appProtocol: name === 'http' && share(seed, 2) < 0.3 ? 'kubernetes.io/h2c' : undefined,
      })),
      ...(shape !== 'without-selector' && { selector: { 'app.kubernetes.io/name': workload.name } }),
      ...addressing(workload, plan),
      sessionAffinity: 'None',
    },
    status: { loadBalancer: shape === 'load-balancer' ? balancer(seed) : {} },
  };
}

function addressing({ family }: Workload, { shape, seed, name }: ServicePlan): JsonObject {
  if (shape === 'external-name')
    return {
      type: 'ExternalName',
      externalName: share(seed, 3) < 0.5 ? `${name}.example.com` : '198.51.100.7',
    };
  const ipv4 = `10.96.${draw(seed, 4) & 255}.${draw(seed, 5) & 255}`;
  const ipv6 = `fd00:96::${((draw(seed, 4) % 65_535) + 1).toString(16)}`;
  const ips = { ipv4: [ipv4], ipv6: [ipv6], dual: [ipv4, ipv6], 'dual-ipv6-first': [ipv6, ipv4] }[family];
  const clusterIPs = shape.startsWith('headless') ? ['None'] : ips;
  const outside = shape === 'node-port' || shape === 'load-balancer';
  return {
    clusterIP: clusterIPs[0],
    clusterIPs,
    type: shape === 'node-port' ? 'NodePort' : shape === 'load-balancer' ? 'LoadBalancer' : 'ClusterIP',
    ipFamilies: ips.map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4')),
    ipFamilyPolicy: ips.length === 1 ? 'SingleStack' : 'PreferDualStack',
    internalTrafficPolicy: 'Cluster',
    ...(outside && { externalTrafficPolicy: 'Cluster' }),
    ...(shape === 'load-balancer' && share(seed, 6) < 0.5 && { loadBalancerIP: '203.0.113.9' }),
    ...(share(seed, 7) < 0.1 && { externalIPs: ['198.51.100.8'] }),
    ...(shape === 'headless' && share(seed, 8) < 0.5 && { publishNotReadyAddresses: true }),
  };
}

const balancers: readonly JsonObject[] = freeze([
  {},
  { ingress: [{ ip: '203.0.113.10', ipMode: 'VIP' }] },
  { ingress: [{ ip: '203.0.113.10' }, { ip: '2001:db8::10' }, { ip: '203.0.113.11' }] },
  { ingress: [{ hostname: 'lb.example.com', ports: [{ port: 80, protocol: 'TCP' }] }] },
  { ingress: [{ hostname: 'a.example.com' }, { ip: '203.0.113.12' }] },
]);

function balancer(seed: number): JsonObject {
  return balancers[draw(seed, 9) % balancers.length] ?? {};
}

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
  // A rule for any host makes a target without an address. promtool 3.5 fails with two of them in one object.
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
