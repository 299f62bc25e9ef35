import type { z } from 'zod';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import type { TargetGroup } from '../../targets/group.ts';
import {
  type Engine,
  engineFields,
  engineTexts,
  listNetworkLabels,
  openEngine,
  shownHost,
} from '../docker/engine.ts';
import { backendNames } from '../listing.ts';
import type { Mechanism } from '../mechanism.ts';
import {
  buildNodeGroup,
  buildServiceGroup,
  buildTaskGroup,
  labels,
  managerInfo,
  nodeList,
  serviceList,
  taskList,
} from './roles.ts';

/** An element of `dockerswarm_sd_configs`. Source: Prometheus configuration reference, dockerswarm_sd_config. */
export const dockerSwarmConfig = httpSdConfig('60s', {
  ...ownFields,
  ...engineFields,
  role: field.oneOf(['services', 'tasks', 'nodes']),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type DockerSwarmConfig = z.output<typeof dockerSwarmConfig>;

/** Services, tasks or nodes of a swarm, from one of its managers: a group for each object that has targets. */
export const dockerswarm: Mechanism<DockerSwarmConfig> = {
  name: 'dockerswarm',
  configKey: 'dockerswarm_sd_configs',
  schema: dockerSwarmConfig,
  server: ({ host }) => shownHost(host),
  async *discover(config, input) {
    const engine = await openEngine(config.host, config.http, input);
    const groups = await roles[config.role](engine, config);
    input.onProgress?.({ read: groups.length, total: groups.length });
    yield groups.filter(({ targets }) => targets.length > 0);
    return await backendNames(input.signal, async (signal) => [
      (await engine.info(managerInfo, signal)).Swarm.Cluster.ID,
    ]);
  },
};

type ListRole = (engine: Engine, config: DockerSwarmConfig) => Promise<readonly TargetGroup[]>;

const roles: Readonly<Record<DockerSwarmConfig['role'], ListRole>> = {
  async services(engine, { filters, port }) {
    const services = await engine.list('services', serviceList, filters);
    const networks = await listNetworkLabels(engine, labels);
    return services.map((service) => buildServiceGroup(service, networks, port));
  },

  async tasks(engine, { filters, port }) {
    const tasks = await engine.list('tasks', taskList, filters);
    // The filters select tasks only: the objects that these refer to are all needed.
    const services = await engine.list('services', serviceList);
    const nodes = await engine.list('nodes', nodeList);
    const context = {
      services: byId(services),
      nodes: byId(nodes),
      networks: await listNetworkLabels(engine, labels),
      port,
    };
    return tasks.map((task) => buildTaskGroup(task, context));
  },

  async nodes(engine, { filters, port }) {
    const nodes = await engine.list('nodes', nodeList, filters);
    return nodes.map((node) => buildNodeGroup(node, port));
  },
};

function byId<Item extends { readonly ID: string }>(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.ID, item]));
}

/** The keys of `dockerswarm_sd_configs`. */
export const dockerSwarmTexts: KeyTexts = {
  ...engineTexts,
  role: ['What becomes targets.', 'tasks'],
};
