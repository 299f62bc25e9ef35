import { type LabelSet, type TargetGroup, withoutEmpty } from '../../../lib/targets/group.ts';
import type { SwarmStyle } from '../../sim/swarm-rows.ts';
import type { SwarmWorld, SwarmWorldNode } from '../../sim/swarm-world.ts';

/** Engine labels of the simulation and what they are called on a target. */
const labelNames: Readonly<Record<string, string>> = {
  kernelversion: 'kernelversion',
  operatingsystem: 'operatingsystem',
  storagedriver: 'storagedriver',
  'com.example/zone': 'com_example_zone',
  'rack-no': 'rack_no',
  größe: 'gr__e',
};

/** The groups that a world written in that style stands for, told without reading what was written. */
export function expectedGroups(world: SwarmWorld, style: SwarmStyle, master: string): TargetGroup[] {
  const role = world.primary === undefined ? 'primary' : 'replica';
  const shared = style.cluster.includes('Strategy') ? { __meta_swarm_strategy: world.strategy } : {};
  return [
    {
      source: 'masters',
      labels: shared,
      targets: [
        {
          __address__: new URL(master).host,
          __meta_swarm_master: master,
          __meta_swarm_role: style.cluster.includes('Role') ? role : 'master',
        },
      ],
    },
    {
      source: 'nodes',
      labels: { ...shared, __meta_swarm_role: 'node' },
      targets: world.nodes.map((node) => nodeLabels(node, style)),
    },
  ];
}

function nodeLabels(node: SwarmWorldNode, style: SwarmStyle): LabelSet {
  const { running, paused, stopped } = node.containers;
  const states = style.states && node.status === 'Healthy';
  const rows: Readonly<Record<string, LabelSet>> = {
    ID: { __meta_swarm_node_id: node.id },
    Status: { __meta_swarm_node_status: node.status },
    Containers: {
      __meta_swarm_node_containers: String(running + paused + stopped),
      ...(states && {
        __meta_swarm_node_containers_running: String(running),
        __meta_swarm_node_containers_paused: String(paused),
        __meta_swarm_node_containers_stopped: String(stopped),
      }),
    },
    'Reserved CPUs': {
      __meta_swarm_node_reserved_cpus: String(node.cpus.reserved),
      __meta_swarm_node_total_cpus: String(node.cpus.total),
    },
    'Reserved Memory': {
      __meta_swarm_node_reserved_memory_bytes: String(node.memory.reserved),
      __meta_swarm_node_total_memory_bytes: String(node.memory.total),
    },
    Labels: Object.fromEntries(
      Object.entries(node.labels).map(([key, value]) => [
        `__meta_swarm_node_label_${labelNames[key]}`,
        value,
      ]),
    ),
    Error: { __meta_swarm_node_error: node.error },
    UpdatedAt: { __meta_swarm_node_updated_at: node.updatedAt },
    ServerVersion: { __meta_swarm_node_server_version: node.version },
  };
  const shown = Object.entries(rows).filter(([name]) => style.node.includes(name));
  return withoutEmpty({
    __address__: node.address.replace(/:\d+$/, ':8070'),
    __meta_swarm_node_name: node.name,
    __meta_swarm_node_address: node.address,
    ...Object.assign({}, ...shown.map(([, labels]) => labels)),
  });
}
