import type { z } from 'zod';
import { bool, text } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { backendNames } from '../listing.ts';
import type { Mechanism } from '../mechanism.ts';
import { engineFields, listNetworkLabels, openEngine, shownHost } from './engine.ts';
import { buildContainerGroups, containerList, engineInfo, labels, labelsSince } from './groups.ts';

/** An element of `docker_sd_configs`. Source: Prometheus configuration reference, docker_sd_config. */
export const dockerConfig = httpSdConfig('60s', {
  ...ownFields,
  ...engineFields,
  host_networking_host: text('localhost'),
  match_first_network: bool(true),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type DockerConfig = z.output<typeof dockerConfig>;

/** Containers of a Docker Engine: a group for each container in a network. */
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
      allowIpv6Only: hasSince(input.prometheus, '3.14'),
    });
    return await backendNames(input.signal, async (signal) => [(await engine.info(engineInfo, signal)).ID]);
  },
};
