import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { TargetGroup } from '../../../lib/targets/group.ts';
import { swarmInfoBody } from '../../sim/swarm-rows.ts';
import { expectedGroups } from './expected.ts';
import { groupsOf, makeVariant, master, variants } from './variants.ts';

const recordedFile = new URL('../../golden/swarm/info.json', import.meta.url);

describe('/info as a master of Swarm 1.1 wrote it', () => {
  test('every row is in the labels', async () => {
    const node = {
      __meta_swarm_node_containers: '8',
      __meta_swarm_node_label_executiondriver: 'native-0.2',
      __meta_swarm_node_label_kernelversion: '3.10.0-229.4.2.el7.x86_64',
      __meta_swarm_node_label_operatingsystem: 'CentOS Linux 7 (Core)',
      __meta_swarm_node_label_storagedriver: 'devicemapper',
      __meta_swarm_node_reserved_cpus: '12',
      __meta_swarm_node_status: 'Healthy',
      __meta_swarm_node_total_cpus: '25',
      __meta_swarm_node_total_memory_bytes: '141733920768',
    };
    expect(groupsOf(await readFile(recordedFile, 'utf8'))).toEqual([
      {
        source: 'masters',
        labels: { __meta_swarm_strategy: 'spread' },
        targets: [
          { __address__: '10.199.128.50:3375', __meta_swarm_master: master, __meta_swarm_role: 'primary' },
        ],
      },
      {
        source: 'nodes',
        labels: { __meta_swarm_strategy: 'spread', __meta_swarm_role: 'node' },
        targets: [
          {
            ...node,
            __address__: '10.199.128.49:8070',
            __meta_swarm_node_address: '10.199.128.49:2375',
            __meta_swarm_node_name: 'hh-yun-k8s-128049.vclound.com',
            __meta_swarm_node_reserved_memory_bytes: '4026531840',
            __meta_swarm_node_updated_at: '2016-04-05T09:22:57Z',
          },
          {
            ...node,
            __address__: '10.199.128.50:8070',
            __meta_swarm_node_address: '10.199.128.50:2375',
            __meta_swarm_node_name: 'hh-yun-k8s-128050.vclound.com',
            __meta_swarm_node_reserved_memory_bytes: '3221225472',
            __meta_swarm_node_updated_at: '2016-04-05T09:23:29Z',
          },
        ],
      },
    ]);
  });
});

test(`${variants} generated variants: what was put in is what the labels say`, () => {
  let nodes = 0;
  for (let number = 0; number < variants; number += 1) {
    const { world, style } = makeVariant(number);
    const groups = groupsOf(JSON.stringify(swarmInfoBody(world, style)));
    const expected = expectedGroups(world, style, master);
    // One assertion for each would take longer than all that is asserted.
    if (JSON.stringify(sorted(groups)) !== JSON.stringify(sorted(expected)))
      expect({ number, groups }).toEqual({ number, groups: expected });
    nodes += world.nodes.length;
  }
  expect(nodes).toBeGreaterThan(variants);
});

function sorted(groups: readonly TargetGroup[]): unknown {
  return groups.map(({ targets, ...rest }) => [
    rest,
    targets.map((target) => Object.entries(target).sort(([a], [b]) => (a < b ? -1 : 1))),
  ]);
}
