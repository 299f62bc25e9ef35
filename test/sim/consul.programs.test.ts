import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { consul } from '../../lib/backends/consul/index.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { encodeGroup } from '../../lib/targets/canonical.ts';
import { type RealConsul, startConsul } from '../support/consul.ts';
import { listTargets } from '../support/discover.ts';
import { describeWithPrograms } from '../support/programs.ts';

const size = { seed: 'fleet', services: 30, instances: 120 };

/** Groups in canonical form without Consul's own service, which the simulation lacks. */
async function groupsOf(server: string, more: object = {}) {
  const { groups } = await listTargets(consul, { server, ...more });
  return groups
    .filter(({ source }) => source !== 'consul')
    .map((group) => encodeGroup(group).json)
    .sort();
}

describe('a simulated Consul', () => {
  test('the same seed makes the same world and the same churn, another one another', async () => {
    const fleets = await Promise.all(['a', 'a', 'b'].map((seed) => startConsulFleet({ ...size, seed })));
    const lives = fleets.map((fleet) => JSON.stringify([fleet.mutate(20), fleet.world()]));
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    expect(lives[0]).toBe(lives[1]);
    expect(lives[0]).not.toBe(lives[2]);
  });

  test('a world holds what real ones hold', async () => {
    const fleet = await startConsulFleet({ seed: 1, services: 50, instances: 400 });
    const { instances, nodes } = fleet.world();
    await fleet.stop();
    const checks = [...instances, ...nodes].flatMap((each) => each.checks);
    expect(new Set(instances.map(({ service }) => service)).size).toBe(50);
    expect(instances.length).toBe(400);
    expect({
      noAddress: instances.some(({ address }) => address === ''),
      ipv6:
        instances.some(({ address }) => address.includes(':')) &&
        nodes.some(({ address }) => address.includes(':')),
      port0: instances.some(({ port }) => port === 0),
      tagged: nodes.some(({ taggedAddresses }) => 'vpc-net' in taggedAddresses),
      emptyTag: instances.some(({ tags }) => tags.includes('')),
      warning: checks.some(({ status }) => status === 'warning'),
      critical: checks.some(({ status }) => status === 'critical'),
      nodeMaintenance: checks.some(({ id }) => id === '_node_maintenance'),
      serviceMaintenance: checks.some(({ id }) => id.startsWith('_service_maintenance:')),
      noChecks: instances.some((each) => each.checks.length === 0),
      oddName: instances.some(({ service }) => service === 'per%cent'),
    }).toEqual({
      noAddress: true,
      ipv6: true,
      port0: true,
      tagged: true,
      emptyTag: true,
      warning: true,
      critical: true,
      nodeMaintenance: true,
      serviceMaintenance: true,
      noChecks: true,
      oddName: true,
    });
  });

  test('a mutation shows in the next listing, and in the index', async () => {
    const fleet = await startConsulFleet(size);
    const before = { groups: await groupsOf(fleet.url), index: fleet.world().index };
    const changes = fleet.mutate(3);
    const after = { groups: await groupsOf(fleet.url), index: fleet.world().index };
    await fleet.stop();
    expect(changes.length).toBe(3);
    expect(after.index).toBe(before.index + 3);
    expect(after.groups).not.toEqual(before.groups);
  });

  test('mutations never run out of world', async () => {
    const fleet = await startConsulFleet({ seed: 2, services: 0, instances: 0 });
    fleet.mutate(200);
    const grown = fleet.world().instances.length;
    await fleet.stop();
    expect(grown).toBeGreaterThan(0);
  });
});

describeWithPrograms('a simulated Consul beside a real one with the same world', ['consul'], () => {
  let real: RealConsul;
  let fleet: ConsulFleet;

  beforeAll(async () => {
    [real, fleet] = await Promise.all([startConsul(), startConsulFleet(size)]);
    await real.register(fleet.world());
  }, 90_000);
  afterAll(async () => {
    await Promise.all([real?.stop(), fleet?.stop()]);
  });

  test.each([
    [{}],
    [{ tags: ['prod'] }],
    [{ tags: ['prod', 'http'], services: ['service-0', 'service-1', 'service-2', 'service-3'] }],
    [{ tags: ['prod', 'http'] }],
    [{ node_meta: { zone: 'a' } }],
    [{ node_meta: { zone: 'a', 'rack.unit': 'r1' }, allow_stale: false }],
    [{ services: ['web/api', 'per%cent', 'two words', 'größe', 'q?a#b', 'a;b+c&d=e', 'tail/', 'gone'] }],
    [{ services: ['SERVICE-1'], datacenter: 'dc1' }],
  ])('the same groups with %j', async (more) => {
    const simulated = await groupsOf(fleet.url, more);
    expect(simulated.length).toBeGreaterThan(0);
    expect(simulated).toEqual(await groupsOf(real.url, more));
  });

  test('the same after churn', async () => {
    const before = fleet.world().instances;
    fleet.mutate(40);
    const left = new Set(fleet.world().instances.map(({ id }) => id));
    await real.deregister(before.filter(({ id }) => !left.has(id)));
    await real.register(fleet.world());
    expect(await groupsOf(fleet.url)).toEqual(await groupsOf(real.url));
  });

  test('bodies of the same shape; services and tags are found in any case', async () => {
    const shapes = async (url: string) => {
      const paths = [
        '/v1/agent/self',
        '/v1/health/service/service-0',
        '/v1/health/service/SERVICE-0?tag=PROD',
      ];
      const [self, ...health] = await Promise.all(
        paths.map(async (path) => shapeOf(await (await fetch(url + path)).json())),
      );
      return { config: z.object({ Config: z.unknown() }).parse(self).Config, health };
    };
    const simulated = await shapes(fleet.url);
    expect(JSON.stringify(simulated.health).match(/"Weights"/g)?.length).toBeGreaterThan(2);
    expect(simulated).toEqual(await shapes(real.url));
  });

  test('the same headers and the same refusals', async () => {
    const refusals = async (url: string) => {
      const answers = [];
      for (const path of [
        '/v1/catalog/services?stale',
        '/v1/catalog/services?dc=elsewhere',
        '/v1/health/service/a//b',
        '/v1/nothing',
      ]) {
        const response = await fetch(url + path, { redirect: 'manual' });
        const headers = [
          'x-consul-knownleader',
          'x-consul-lastcontact',
          'x-consul-effective-consistency',
          'location',
        ];
        await response.arrayBuffer();
        answers.push([path, response.status, headers.map((name) => response.headers.get(name))]);
      }
      return answers;
    };
    expect(await refusals(fleet.url)).toEqual(await refusals(real.url));
  });
});

/** The JSON with each scalar replaced by its type, maps of free keys left as they are. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shapeOf(each)]));
}
