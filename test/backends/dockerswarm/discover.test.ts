import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dockerswarm } from '../../../lib/backends/dockerswarm/index.ts';
import { type DockerFleet, startDockerFleet } from '../../sim/docker.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';

let fleet: DockerFleet;
beforeEach(async () => {
  fleet = await startDockerFleet({ seed: 'swarm', containers: 0, services: 20, nodes: 4 });
});
afterEach(() => fleet.stop());

test.each([
  ['services', ['/services?filters={"name":{"a":true}}', '/networks']],
  ['tasks', ['/tasks?filters={"name":{"a":true}}', '/services', '/nodes', '/networks']],
  ['nodes', ['/nodes?filters={"name":{"a":true}}']],
])('the role %s asks for itself with the filters, and for what it refers to without', async (role, asked) => {
  fleet.faults.add({ kind: 'json', value: [] }, { when: ({ path }) => path === '/v1.41/tasks' });
  await listTargets(dockerswarm, { host: fleet.url, role, filters: [{ name: 'name', values: ['a'] }] });
  const calls = fleet.requests.map(
    ({ path, query }) => path + (query.size > 0 ? `?${[...query].join().replace(',', '=')}` : ''),
  );
  expect(calls).toEqual(['/_ping', ...asked.map((call) => `/v1.41${call}`), '/v1.41/info']);
});

test.each(['services', 'tasks', 'nodes'])(
  '%s: each with targets has a group, found by its ID',
  async (role) => {
    const { groups, progress, listed } = await listTargets(dockerswarm, { host: fleet.url, role });
    const { services, tasks, nodes } = fleet.world().swarm ?? { services: [], tasks: [], nodes: [] };
    const ids = { services, tasks, nodes }[role]?.map(({ id }) => id) ?? [];
    const sources = groups.map(({ source }) => source);
    expect(new Set(sources).size).toBe(sources.length);
    expect(new Set(ids).isSupersetOf(new Set(sources))).toBe(true);
    expect(groups.every(({ targets }) => targets.length > 0)).toBe(true);
    expect(groups.length).toBeGreaterThan(3);
    expect([progress, listed]).toEqual([
      [{ read: ids.length, total: ids.length }],
      { backend: ['engine-swarm-swarm'] },
    ]);
  },
);

test('a swarm whose manager does not tell its ID is unknown, and its nodes are not', async () => {
  fleet.faults.add(
    { kind: 'json', value: { ID: 'x', Swarm: { Cluster: null } } },
    { when: ({ path }) => path.endsWith('/info') },
  );
  const { groups, listed } = await listTargets(dockerswarm, { host: fleet.url, role: 'nodes' });
  expect([groups.length, listed]).toEqual([4, {}]);
});

test('an engine that is no manager fails the listing in its own words', async () => {
  const { networks } = fleet.world();
  fleet.replace({ networks, containers: [] });
  expect(await failure(listTargets(dockerswarm, { host: fleet.url, role: 'nodes' }))).toEqual({
    kind: 'status',
    status: 503,
    message: `GET ${fleet.url}/v1.41/nodes: HTTP 503 Service Unavailable: This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again. (tried 3 times)`,
  });
});

test.each(['services', 'tasks', 'nodes'])('%s: null is an empty list', async (role) => {
  fleet.faults.add({ kind: 'json', value: null }, { when: ({ path }) => path !== '/_ping' });
  expect((await listTargets(dockerswarm, { host: fleet.url, role })).groups).toEqual([]);
});
