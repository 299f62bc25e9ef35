import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { loadContext } from '../backends/kubernetes/connection/kubeconfig.ts';
import { toMusterError } from '../base/errors.ts';
import { readText } from '../base/files.ts';
import type { Io } from './command.ts';

/** A backend that was found, and its job. */
export interface FoundBackend {
  /** Preferred name of the job. */
  readonly job: string;
  /** As in `consul_sd_configs`. */
  readonly configKey: string;
  /** Where it was found, as in `CONSUL_HTTP_ADDR`. */
  readonly from: string;
  /** A comment for the job. */
  readonly comment: string;
  /** Keys of the SD config; `undefined` ones are left out. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly relabel_configs: readonly object[];
}

/** A backend, or the reason why none was found. */
export type LookResult = FoundBackend | { readonly missed: string };

type Env = Io['env'];

/** Looks for backends that this machine knows. Calls none of them, and reads no secret. */
export async function lookAround(env: Env, signal: AbortSignal): Promise<readonly LookResult[]> {
  return [
    await lookForKubernetes(env, signal),
    lookForConsul(env),
    lookForNomad(env),
    await lookForDocker(env),
  ];
}

const scrapedPods = [
  {
    source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'],
    regex: 'true',
    action: 'keep',
  },
  {
    source_labels: ['__address__', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
    regex: '(.+?)(?::\\d+)?;(\\d+)',
    replacement: '$1:$2',
    target_label: '__address__',
  },
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
];

/** Looks for a kubeconfig or a pod. Source: kubectl, and client-go's rules for a process in a cluster. */
async function lookForKubernetes(env: Env, signal: AbortSignal): Promise<LookResult> {
  const job = {
    job: 'kubernetes-pods',
    configKey: 'kubernetes_sd_configs',
    comment:
      'Pods with the annotation prometheus.io/scrape: "true". Other roles: node, service, endpointslice, ingress.',
    relabel_configs: scrapedPods,
  };
  const named = env.KUBECONFIG?.split(delimiter).filter((path) => path !== '') ?? [];
  const home = env.HOME ? [join(env.HOME, '.kube/config')] : [];
  for (const path of named.length > 0 ? named : home) {
    if (!(await isThere(path))) continue;
    try {
      await loadContext(await readText(path, { maxBytes: maxKubeconfig, signal }), path);
      return { ...job, from: path, config: { role: 'pod', kubeconfig_file: resolve(path) } };
    } catch (error) {
      return { missed: `Kubernetes: ${toMusterError(error).message}` };
    }
  }
  if (env.KUBERNETES_SERVICE_HOST)
    return { ...job, from: 'KUBERNETES_SERVICE_HOST', config: { role: 'pod' } };
  return { missed: 'Kubernetes: no kubeconfig (KUBECONFIG, ~/.kube/config), and this is not a pod' };
}

const maxKubeconfig = 4 * 1024 * 1024;

/** Looks for the variables of Consul's command. Source: Consul's command line. */
function lookForConsul(env: Env): LookResult {
  const server = env.CONSUL_HTTP_ADDR;
  if (!server) return { missed: 'Consul: CONSUL_HTTP_ADDR is not set' };
  return {
    job: 'consul',
    configKey: 'consul_sd_configs',
    from: 'CONSUL_HTTP_ADDR',
    comment: 'Every instance of every service. "services: [web, api]" takes some of them.',
    config: {
      server,
      scheme: isTrue(env.CONSUL_HTTP_SSL) ? 'https' : undefined,
      token_ref: env.CONSUL_HTTP_TOKEN ? 'env:CONSUL_HTTP_TOKEN' : undefined,
      token_file:
        env.CONSUL_HTTP_TOKEN || !env.CONSUL_HTTP_TOKEN_FILE
          ? undefined
          : resolve(env.CONSUL_HTTP_TOKEN_FILE),
      namespace: env.CONSUL_NAMESPACE || undefined,
      tls_config: tlsOf({
        ca_file: env.CONSUL_CACERT,
        cert_file: env.CONSUL_CLIENT_CERT,
        key_file: env.CONSUL_CLIENT_KEY,
      }),
    },
    relabel_configs: [{ source_labels: ['__meta_consul_service'], target_label: 'service' }],
  };
}

/** Looks for the variables of Nomad's command. Source: Nomad's command line. */
function lookForNomad(env: Env): LookResult {
  const server = env.NOMAD_ADDR;
  if (!server) return { missed: 'Nomad: NOMAD_ADDR is not set' };
  return {
    job: 'nomad',
    configKey: 'nomad_sd_configs',
    from: 'NOMAD_ADDR',
    comment: 'Every service of a namespace.',
    config: {
      server,
      namespace: env.NOMAD_NAMESPACE || undefined,
      region: env.NOMAD_REGION || undefined,
      http_headers: env.NOMAD_TOKEN ? { 'X-Nomad-Token': { refs: ['env:NOMAD_TOKEN'] } } : undefined,
      tls_config: tlsOf({
        ca_file: env.NOMAD_CACERT,
        cert_file: env.NOMAD_CLIENT_CERT,
        key_file: env.NOMAD_CLIENT_KEY,
      }),
    },
    relabel_configs: [{ source_labels: ['__meta_nomad_service'], target_label: 'service' }],
  };
}

/** Looks for the variables of Docker's command, and for its socket. Source: Docker's command line. */
async function lookForDocker(env: Env): Promise<LookResult> {
  const job = {
    job: 'docker',
    configKey: 'docker_sd_configs',
    comment: 'Each TCP port of each running container.',
    relabel_configs: [
      { source_labels: ['__meta_docker_container_name'], regex: '/(.*)', target_label: 'container' },
    ],
  };
  const host = env.DOCKER_HOST;
  if (host && !host.startsWith('unix://')) {
    const isTls = isTrue(env.DOCKER_TLS_VERIFY);
    const folder = resolve(env.DOCKER_CERT_PATH || join(env.HOME ?? '', '.docker'));
    const tls = {
      ca_file: join(folder, 'ca.pem'),
      cert_file: join(folder, 'cert.pem'),
      key_file: join(folder, 'key.pem'),
    };
    if (host.startsWith('ssh:'))
      return { missed: 'Docker: DOCKER_HOST is an ssh: address, which Muster does not support' };
    const config = isTls ? { host: host.replace(/^tcp:/, 'https:'), tls_config: tls } : { host };
    return { ...job, from: 'DOCKER_HOST', config };
  }
  const runtime = env.XDG_RUNTIME_DIR ? [join(env.XDG_RUNTIME_DIR, 'docker.sock')] : [];
  const paths = host ? [host.slice('unix://'.length)] : [...runtime, '/var/run/docker.sock'];
  for (const path of paths) {
    if (!(await isThere(path))) continue;
    if (!(await isUsable(path))) return { missed: `Docker: ${path} may not be used by this user` };
    return { ...job, from: path, config: { host: `unix://${path}` } };
  }
  return { missed: `Docker: there is no ${paths.join(' and no ')}` };
}

function tlsOf(keys: Readonly<Record<string, string | undefined>>): object | undefined {
  const given = Object.entries(keys).filter(([, path]) => path);
  return given.length === 0
    ? undefined
    : Object.fromEntries(given.map(([key, path = '']) => [key, resolve(path)]));
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 'true', 'yes'].includes(text.toLowerCase());
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isUsable(path: string): Promise<boolean> {
  return access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
