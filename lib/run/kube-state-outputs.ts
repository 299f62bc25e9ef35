import { namespacesOf, openConnection } from '../backends/kubernetes/connection/open.ts';
import { openLister } from '../backends/kubernetes/listing/lister.ts';
import { startDeadline } from '../base/deadlines.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import { type KubeStateConfig, withConfigFile } from '../kube-state/options.ts';
import type { KubeStateOutput } from '../kube-state/publish.ts';
import { type Rendered, render, selectionOf } from '../kube-state/render.ts';
import { openHttpClients } from './http-clients.ts';
import type { BindInput } from './providers.ts';

/**
 * All outputs of a configuration: of one with `total_shards` and without `shard` each shard. Throws kind `config` for a
 * file that it names and that is wrong, or cannot be read.
 */
export function bindOutputs(
  configs: readonly KubeStateConfig[],
  input: BindInput,
): readonly KubeStateOutput[] {
  return configs.flatMap((configured) => {
    const config = withConfigFile(configured, input.directory);
    const { name, shard, total_shards: total, kubernetes, deadline } = config;
    for (const warning of config.custom_resource_state_config?.warnings ?? [])
      input.log.warn(`custom_resource_state_config: ${warning}`, { output: name });
    const shards = shard === undefined ? [...Array(total).keys()] : [shard];
    return shards.map((number) => ({
      name,
      object: total === 1 ? name : `${name}.${number}`,
      shard: number,
      config,
      refreshInterval: kubernetes.refresh_interval,
      deadline,
      render: (signal: AbortSignal, until?: Date) => renderOutput(config, number, input, { signal, until }),
    }));
  });
}

async function renderOutput(
  config: KubeStateConfig,
  shard: number,
  { readCredential, directory, log }: BindInput,
  { signal: outer, until: listUntil }: { readonly signal: AbortSignal; readonly until: Date | undefined },
): Promise<Rendered> {
  const { kubernetes, name } = config;
  const now = Date.now();
  const until = Math.max(
    now,
    Math.min(now + config.deadline, listUntil?.getTime() ?? Number.POSITIVE_INFINITY),
  );
  using own = startDeadline(until - now);
  const deadline = own.signal;
  const signal = AbortSignal.any([outer, deadline]);
  const warn = (message: string) => log.warn(message, { output: name });
  await using clients = openHttpClients({ readCredential, signal, deadline: until, warn });
  try {
    const connection = await openConnection(kubernetes, { signal, directory, openHttp: clients.openHttp });
    const namespaces =
      config.namespaces.length > 0 ? [...new Set(config.namespaces)] : await namespacesOf(kubernetes, signal);
    const { page_size: pageSize, compression } = kubernetes.muster;
    const warn = (message: string) => log.warn(message, { output: name });
    const lister = openLister(connection, {
      pageSize,
      compression,
      warn,
      fromCache: config.use_apiserver_cache,
    });
    return await render(lister, { ...selectionOf(config, namespaces, shard), warn }, signal);
  } catch (error) {
    // Which of the two fired first: both may have by now.
    if (signal.aborted && signal.reason === deadline.reason)
      throw new MusterError('timeout', `${name}: the cluster was not listed within ${(until - now) / 1000}s`);
    if (isMusterError(error) && error.kind !== 'internal')
      throw new MusterError(error.kind, `${name}: ${error.message}`, { code: error.code, cause: error });
    throw error;
  }
}

/** The outputs of that name, or all. Throws (kind `config`) where there is none, and says which there are. */
export function selectOutputs(
  outputs: readonly KubeStateOutput[],
  name: string | undefined,
): readonly KubeStateOutput[] {
  const selected = outputs.filter(
    (output) => name === undefined || output.name === name || output.object === name,
  );
  if (selected.length > 0) return selected;
  const names = [...new Set(outputs.map((output) => output.name))].slice(0, 10).join(', ') || 'none';
  throw new MusterError(
    'config',
    `no kube-state output${name === undefined ? '' : ` ${name}`} in the configuration: kube_state_metrics has ${names}`,
  );
}
