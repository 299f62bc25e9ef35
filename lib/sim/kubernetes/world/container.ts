import type { Random } from '../../random.ts';
import type { JsonObject } from '../wire/json.ts';

export interface PortPlan {
  readonly port: number;
  readonly name: string | undefined;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface ContainerPlan {
  readonly name: string;
  readonly ports: readonly PortPlan[];
  /** On the host's network a port is a port of the host. */
  readonly hostNetwork: boolean;
  /** Members of its own, such as a restart policy. */
  readonly rest: JsonObject;
}

/** A container as large as real ones are. */
export function makeContainer(random: Random, { name, ports, hostNetwork, rest }: ContainerPlan): JsonObject {
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
