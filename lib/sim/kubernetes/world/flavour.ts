import type { Random } from '../../random.ts';
import { freeze, type JsonObject } from '../wire/json.ts';
import { hex } from './draw.ts';

/** What many workloads have in common: their containers and the rest of a pod's specification. */
export interface Flavour {
  readonly hostNetwork: boolean;
  readonly containers: readonly JsonObject[];
  readonly initContainers: readonly JsonObject[];
  readonly ephemeralContainers: readonly JsonObject[];
  /** The other members of `spec` that all pods have in common. */
  readonly spec: JsonObject;
  /** Ports that a service may lead to. */
  readonly ports: readonly PortPlan[];
  /** The first 40 digits of the IDs of containers. The pod gives the rest. */
  readonly identity: string;
}

type Draw = readonly [weight: number, ports: readonly PortPlan[]];
const tcp = (port: number, name?: string): PortPlan => ({ port, name, protocol: 'TCP' });
const udp = (port: number, name?: string): PortPlan => ({ port, name, protocol: 'UDP' });
const sctp = (port: number, name?: string): PortPlan => ({ port, name, protocol: 'SCTP' });

/** Ports of the main container. Most have one of the first rows. */
const usualPorts: readonly Draw[] = [
  [5, [tcp(8080, 'http'), tcp(9090, 'metrics')]],
  [3, [tcp(8080, 'http')]],
  [1, [tcp(8080, 'http'), tcp(9090, 'metrics'), udp(53, 'dns')]],
];
const oddPorts: readonly Draw[] = [
  [3, []],
  [2, [tcp(8080)]],
  [1, [tcp(8080), tcp(9090, 'metrics'), udp(8080)]],
  [1, [udp(53, 'dns'), tcp(53, 'dns-tcp')]],
  [1, [sctp(3868, 'diameter'), tcp(9090, 'metrics')]],
  [1, [tcp(1, 'a'), tcp(65_535, 'abcdefghijklmno')]],
];

/** A flavour. `odd` is the chance of each oddity, from 0 to 1. */
export function makeFlavour(random: Random, number: number, odd: number): Flavour {
  const hostNetwork = random.chance(odd / 3);
  const main = drawPorts(random, random.chance(odd) ? oddPorts : usualPorts);
  const container = (name: string, ports: readonly PortPlan[], rest: JsonObject = {}) =>
    makeContainer(random, { name, ports, hostNetwork, rest });

  const containers = [container('app', main)];
  if (random.chance(0.5)) containers.push(container('istio-proxy', [tcp(15_090, 'http-envoy-prom')]));
  // Two containers may name the same port. Only one can listen on it, but Kubernetes does not forbid it.
  if (random.chance(odd / 2))
    containers.push(container('exporter', [tcp(9090, 'metrics'), ...main.slice(0, 1)]));

  const initContainers = random.chance(0.5) ? [container('init-db', [])] : [];
  if (random.chance(odd / 2)) initContainers.push(container('init-net', [tcp(7070, 'init')]));
  if (random.chance(odd)) {
    const ports = random.chance(0.7) ? [tcp(9999, 'sidecar'), udp(9998)] : [];
    initContainers.push(container('log-shipper', ports, { restartPolicy: 'Always' }));
  }
  const ephemeralContainers = random.chance(odd / 4)
    ? [container('debugger-x7k2p', [], { targetContainerName: 'app', stdin: true, tty: true })]
    : [];

  return {
    hostNetwork,
    containers: freeze(containers),
    initContainers: freeze(initContainers),
    ephemeralContainers: freeze(ephemeralContainers),
    spec: freeze(specRest(number)),
    ports: main,
    identity: Array.from({ length: 5 }, (_, part) => hex(number, 200 + part)).join(''),
  };
}

function drawPorts(random: Random, draws: readonly Draw[]): readonly PortPlan[] {
  return random.pick(draws.flatMap(([weight, ports]) => new Array<readonly PortPlan[]>(weight).fill(ports)));
}

function specRest(number: number): JsonObject {
  const toleration = (key: string) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  });
  return {
    volumes: [
      { name: 'config', configMap: { name: `app-${number}-config`, defaultMode: 420 } },
      { name: 'tmp', emptyDir: {} },
      {
        name: 'kube-api-access',
        projected: {
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
          defaultMode: 420,
        },
      },
    ],
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: `app-${number}`,
    serviceAccount: `app-${number}`,
    securityContext: { runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': `app-${number}` } },
              topologyKey: 'kubernetes.io/hostname',
            },
          },
        ],
      },
    },
    schedulerName: 'default-scheduler',
    tolerations: [toleration('not-ready'), toleration('unreachable')],
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

/** A port of a container. */
interface PortPlan {
  readonly port: number;
  readonly name: string | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

/** A container of a pod. */
interface ContainerPlan {
  readonly name: string;
  readonly ports: readonly PortPlan[];
  /** On the host's network a port is a port of the host. */
  readonly hostNetwork: boolean;
  /** Further members, such as a restart policy. */
  readonly rest: JsonObject;
}

/** A container as large as real ones are. */
function makeContainer(random: Random, { name, ports, hostNetwork, rest }: ContainerPlan): JsonObject {
  const version = `2.${random.integer(0, 40)}.${random.integer(0, 9)}`;
  const digest = random.chance(0.5) ? `@sha256:${'0123456789abcdef'.repeat(4)}` : '';
  return {
    name,
    image: `registry.example.com/team/${name}:${version}${digest}`,
    args: ['--listen=:8080', '--log.level=info'],
    ...(ports.length > 0 && {
      ports: ports.map(({ port, name: portName, protocol }) => ({
        ...(portName !== undefined && { name: portName }),
        ...(hostNetwork && { hostPort: port }),
        containerPort: port,
        protocol,
      })),
    }),
    env: [
      { name: 'LOG_FORMAT', value: 'json' },
      { name: 'UPSTREAM', value: `http://upstream-${random.integer(0, 99)}.default.svc:8080` },
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    ],
    resources: {
      limits: { cpu: '1', memory: '512Mi' },
      requests: { cpu: '250m', memory: '256Mi' },
    },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/config' },
      { name: 'tmp', mountPath: '/tmp' },
      {
        name: 'kube-api-access',
        readOnly: true,
        mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      },
    ],
    ...(ports[0]?.protocol === 'TCP' && { livenessProbe: probe(3), readinessProbe: probe(1) }),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: {
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
    },
    ...rest,
  };
}

function probe(failureThreshold: number): JsonObject {
  return {
    httpGet: { path: '/-/healthy', port: 8080, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold,
  };
}
