import { expect, test } from '@jest/globals';
import { makeDockerWorld } from './docker/world.ts';
import { startDockerFleet } from './docker.ts';

const size = { containers: 20, services: 10, nodes: 3 };

test('the same seed makes the same engine and the same churn, another one another', async () => {
  const fleets = await Promise.all(['a', 'a', 'b'].map((seed) => startDockerFleet({ ...size, seed })));
  const lives = fleets.map((fleet) => JSON.stringify([fleet.mutate(40), fleet.world()]));
  await Promise.all(fleets.map((fleet) => fleet.stop()));
  expect(lives[0]).toBe(lives[1]);
  expect(lives[0]).not.toBe(lives[2]);
});

test('an engine holds what real ones hold', () => {
  const { containers, swarm } = makeDockerWorld({ seed: 1, containers: 300, services: 100, nodes: 20 });
  const modes = containers.map(({ networkMode }) => networkMode.replace(/:.*/, ''));
  expect({
    modes: new Set(modes),
    states: new Set(containers.map(({ state }) => state)),
    twoNetworks: containers.some(({ networks }) => Object.keys(networks).length > 1),
    leaving: containers.some(({ networks }) => networks.away === null),
    nameless: containers.some(({ names }) => names.length === 0),
    serviceModes: new Set(swarm?.services.map(({ mode }) => mode)),
    hostPorts: swarm?.tasks.some(({ hostPorts }) => hostPorts.length > 0),
    waiting: swarm?.tasks.some(({ nodeId }) => nodeId === ''),
    workers: swarm?.nodes.some(({ manager }) => manager === undefined),
  }).toEqual({
    modes: new Set(['bridge', 'front', 'mesh', 'host', 'none', 'container', 'six']),
    states: new Set(['running', 'paused', 'exited', 'created']),
    twoNetworks: true,
    leaving: true,
    nameless: true,
    serviceModes: new Set(['Replicated', 'Global', 'ReplicatedJob', 'GlobalJob']),
    hostPorts: true,
    waiting: true,
    workers: true,
  });
});

test('an engine answers in the versions it has, and refuses as Docker does; mutations never run out', async () => {
  const fleet = await startDockerFleet({ seed: 2, containers: 0, services: 1, nodes: 1 });
  fleet.mutate(200);
  const paths = [
    '/_ping',
    '/v1.24/nodes',
    '/v1.42/nodes',
    '/nodes',
    '/v1.41/nodes?filters=x',
    '/v1.41/volumes',
  ];
  const answers = await Promise.all(
    paths.map(async (path) => {
      const response = await fetch(fleet.url + path);
      const text = await response.text();
      return [path, response.status, response.ok && path !== '/_ping' ? JSON.parse(text).length : text];
    }),
  );
  await fleet.stop();
  expect(answers).toEqual([
    ['/_ping', 200, 'OK'],
    ['/v1.24/nodes', 200, 1],
    [
      '/v1.42/nodes',
      400,
      '{"message":"client version 1.42 is too new. Maximum supported API version is 1.41"}',
    ],
    ['/nodes', 404, '{"message":"page not found"}'],
    ['/v1.41/nodes?filters=x', 400, '{"message":"invalid filter"}'],
    ['/v1.41/volumes', 404, '{"message":"page not found"}'],
  ]);
});
