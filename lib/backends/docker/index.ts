import { hasSince } from '../../config/prometheus-version.ts';
import { backendNames } from '../backend-names.ts';
import type { Mechanism } from '../mechanism.ts';
import { listNetworkLabels, openEngine, shownHost } from './engine.ts';
import { buildContainerGroups, containerList, engineInfo } from './groups.ts';
import { labels, labelsSince } from './labels.ts';
import { type DockerConfig, dockerConfig } from './schema.ts';

/** Containers of a Docker Engine: a group for each that is in any network. */
export const docker: Mechanism<DockerConfig> = {
  name: 'docker',
  configKey: 'docker_sd_configs',
  schema: dockerConfig,
  labelsSince,
  server: ({ host }) => shownHost(host),
  async *discover(config, input) {
    const engine = await openEngine(config.host, config.http, input);
    const containers = await engine.list('containers/json', containerList, config.filters);
    const networks = await listNetworkLabels(engine, labels);
    input.onProgress?.({ read: containers.length, total: containers.length });
    yield buildContainerGroups(containers, {
      networks,
      port: config.port,
      hostNetworkingHost: config.host_networking_host,
      matchFirstNetwork: config.match_first_network,
      ipv6Alone: hasSince(input.prometheus, '3.14'),
    });
    return await backendNames(input.signal, async (signal) => [(await engine.info(engineInfo, signal)).ID]);
  },
};
