import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { startSwarmFleet } from './swarm.ts';
import { swarmInfoBody, swarmStyles } from './swarm-rows.ts';
import { makeSwarmWorld, type SwarmWorldNode } from './swarm-world.ts';

const gibibyte = 2 ** 30;

/** A node of the recorded cluster. */
function recordedNode(number: number, reserved: number, updatedAt: string): SwarmWorldNode {
  return {
    name: `hh-yun-k8s-1280${number}.vclound.com`,
    address: `10.199.128.${number}:2375`,
    id: '',
    status: 'Healthy',
    containers: { running: 5, paused: 0, stopped: 3 },
    cpus: { reserved: 12, total: 25 },
    memory: { reserved: reserved * gibibyte, total: 283_536_760_012 / 2 },
    labels: {
      executiondriver: 'native-0.2',
      kernelversion: '3.10.0-229.4.2.el7.x86_64',
      operatingsystem: 'CentOS Linux 7 (Core)',
      storagedriver: 'devicemapper',
    },
    error: '',
    updatedAt,
    version: '',
  };
}

test('the simulation writes the recorded answer of a real master, byte for byte but for clock and images', async () => {
  const nodes = [recordedNode(49, 3.75, '2016-04-05T09:22:57Z'), recordedNode(50, 3, '2016-04-05T09:23:29Z')];
  const world = {
    name: 'hh-yun-k8s-128050.vclound.com',
    strategy: 'spread',
    filters: 'health, port, dependency, affinity, constraint',
    nodes,
  };
  const written = { ...swarmInfoBody(world, swarmStyles['1.1']), Images: 30, SystemTime: recordedTime };
  const recorded = await readFile(new URL('../golden/swarm/info.json', import.meta.url), 'utf8');
  expect(JSON.stringify(written, undefined, 1)).toBe(recorded.trimEnd());
});

const recordedTime = '2016-04-05T17:23:50.830465718+08:00';

test('the same seed makes the same cluster and the same churn, another one another', async () => {
  const fleets = await Promise.all(['a', 'a', 'b'].map((seed) => startSwarmFleet({ seed, nodes: 20 })));
  const lives = fleets.map((fleet) => JSON.stringify([fleet.mutate(20), fleet.world()]));
  await Promise.all(fleets.map((fleet) => fleet.stop()));
  expect(lives[0]).toBe(lives[1]);
  expect(lives[0]).not.toBe(lives[2]);
});

test('a cluster holds what real ones hold, and what is hard to read', () => {
  const { nodes } = makeSwarmWorld({ seed: 1, nodes: 300 });
  const texts = nodes.flatMap(({ labels }) => Object.values(labels));
  expect({
    statuses: new Set(nodes.map(({ status }) => status)),
    pendingHaveNoName: nodes.every(({ name, status }) => (name === '') === (status === 'Pending')),
    illHaveErrors: nodes.every(({ error, status }) => (error === '') === (status === 'Healthy')),
    ipv6: nodes.some(({ address }) => address.startsWith('[')),
    commas: texts.some((text) => text.includes(', ')),
    equals: texts.some((text) => text.includes('=')),
    noLabels: nodes.some(({ labels, status }) => status === 'Healthy' && Object.keys(labels).length === 0),
  }).toEqual({
    statuses: new Set(['Healthy', 'Unhealthy', 'Pending', 'Disconnected']),
    pendingHaveNoName: true,
    illHaveErrors: true,
    ipv6: true,
    commas: true,
    equals: true,
    noLabels: true,
  });
});

test('a master answers /info, with a version in front or not, and nothing else; mutations never run out', async () => {
  const fleet = await startSwarmFleet({ seed: 2, nodes: 0 });
  fleet.mutate(100);
  const body = JSON.stringify(swarmInfoBody(fleet.world(), swarmStyles['1.2']));
  const answers = await Promise.all(
    ['/info', '/v1.24/info', '/v1.24/nodes', '/'].map(async (path) => {
      const response = await fetch(fleet.url + path);
      const text = await response.text();
      return [path, response.status, text === body];
    }),
  );
  await fleet.stop();
  expect(fleet.world().nodes.length).toBeGreaterThan(0);
  expect(answers).toEqual([
    ['/info', 200, true],
    ['/v1.24/info', 200, true],
    ['/v1.24/nodes', 404, false],
    ['/', 404, false],
  ]);
});
