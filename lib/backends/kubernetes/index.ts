import { backendNames } from '../listing.ts';
import type { Mechanism } from '../mechanism.ts';
import { namespacesOf, openConnection, uidOfCluster } from './connection/open.ts';
import { labelsSince } from './labels.ts';
import { openLister } from './listing/lister.ts';
import { streamConcurrent } from './listing/stream.ts';
import { listRole } from './roles/list-role.ts';
import { type KubernetesConfig, kubernetesConfig, newerKeys } from './schema.ts';

/** Namespaces that are listed at the same time. An API server limits the concurrent requests of a client. */
const concurrency = 4;

/** The mechanism for Kubernetes: a group for each node, service, pod, endpoints object or ingress that has targets. */
export const kubernetes: Mechanism<KubernetesConfig> = {
  name: 'kubernetes',
  configKey: 'kubernetes_sd_configs',
  schema: kubernetesConfig,
  incidental: ['attach_metadata', 'muster.page_size', 'muster.compression'],
  labelsSince,
  newerKeys,
  server: ({ api_server, kubeconfig_file, muster: { eks } }) => {
    if (api_server !== undefined) return api_server.href.replace(/\/+$/, '');
    if (kubeconfig_file !== undefined) return `kubeconfig ${kubeconfig_file}`;
    return eks === undefined ? 'in-cluster' : `eks ${eks.region}/${eks.cluster}`;
  },
  async *discover(config, input) {
    const { signal, cursor, onProgress, warn, prometheus } = input;
    const namespaces = config.role === 'node' ? [''] : await namespacesOf(config, signal);
    const connection = await openConnection(config, input);
    const lister = openLister(connection, {
      pageSize: config.muster.page_size,
      compression: config.muster.compression,
      warn,
      cursor,
      onProgress,
    });
    const list = listRole[config.role]({ config, lister, warn, prometheus });
    yield* streamConcurrent(namespaces, concurrency, signal, list);
    return {
      cursor: lister.cursor(),
      ...(await backendNames(signal, (own) => uidOfCluster(connection, own))),
    };
  },
};
