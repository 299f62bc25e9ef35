import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { consul } from '../../../lib/backends/consul/index.ts';
import { type ConsulFleet, startConsulFleet } from '../../../lib/sim/consul.ts';
import type { ConsulInstance, ConsulNode } from '../../../lib/sim/consul-world.ts';
import { listTargets } from '../../support/discover.ts';

let fleet: ConsulFleet;

const nodes = ['n1', 'n2'].map(
  (name): ConsulNode => ({ name, address: `${name}.example`, taggedAddresses: {}, meta: {}, checks: [] }),
);
const instance = (service: string, node: string): ConsulInstance => ({
  ...{ id: `${service}-${node}`, service, node, tags: [], address: '', port: 80 },
  ...{ meta: {}, checks: [], index: 9 },
});
const all = ['api', 'db', 'web'].flatMap((service) => ['n1', 'n2'].map((node) => instance(service, node)));
const have = (instances: readonly ConsulInstance[]) =>
  fleet.replace({ datacenter: 'dc1', nodes, instances, index: 9 });

beforeEach(async () => {
  fleet = await startConsulFleet({
    seed: 1,
    services: 0,
    instances: 0,
    peers: ['10.0.0.1:8300', '10.0.0.2:8300'],
  });
  have(all);
});
afterEach(() => fleet.stop());

const next = async (cursor?: string, more: object = {}) => {
  const { groups, listed } = await listTargets(
    consul,
    { server: fleet.url, ...more },
    cursor === undefined ? {} : { cursor },
  );
  return {
    found: groups.map(({ source, targets }) => `${source} ${targets.length}`),
    unseen: ['api', 'db', 'web'].filter((source) => listed?.unseen?.(source) !== undefined),
    filtered: listed?.filtered,
    cursor: listed?.cursor,
    why: listed?.unseen?.('db'),
  };
};

const leftOut = (what: string) => `Consul says that it left out what the token may not read: ${what}`;
const whole = {
  found: ['api 2', 'db 2', 'web 2'],
  ...{ unseen: [], filtered: undefined, why: undefined, cursor: '{"filtered":false}' },
};

describe('a token that loses rights', () => {
  test('did not see the services that vanished with them, until it has its rights back', async () => {
    const first = await next();
    fleet.hide({ services: ['db'] });
    const second = await next(first.cursor);
    const third = await next(second.cursor);
    fleet.hide({});
    const back = await next(third.cursor);
    const part = {
      found: ['api 2', 'web 2'],
      unseen: ['db'],
      filtered: leftOut('services'),
      cursor: '{"filtered":true,"seen":["api","web"]}',
      why: 'the token sees less than before: Consul says that it filtered the answer',
    };
    expect([first, second, third, back]).toEqual([whole, part, part, whole]);
  });

  test('saw the services leave that it had seen since', async () => {
    const first = await next();
    fleet.hide({ services: ['db'] });
    const second = await next(first.cursor);
    have(all.filter(({ service }) => service !== 'web'));
    const { unseen, filtered } = await next(second.cursor);
    expect([unseen, filtered]).toEqual([['db'], leftOut('services')]);
  });

  test('to nodes did not see the services that ran there alone; what left elsewhere has left', async () => {
    have(all.filter(({ service, node }) => service !== 'db' || node === 'n2'));
    const first = await next();
    fleet.hide({ nodes: ['n2'] });
    have(all.filter(({ service, node }) => service === 'api' || (service === 'db' && node === 'n2')));
    expect(await next(first.cursor)).toEqual({
      found: ['api 1'],
      unseen: ['db'],
      filtered: leftOut('instances of 2 services'),
      cursor: '{"filtered":true,"seen":["api"]}',
      why: 'the token sees less than before: Consul says that it filtered the answer',
    });
  });

  test('of services that are configured, too', async () => {
    const more = { services: ['db', 'web'], datacenter: 'dc1' };
    const first = await next(undefined, more);
    fleet.hide({ services: ['db'] });
    const { found, unseen } = await next(first.cursor, more);
    expect([found, unseen]).toEqual([['web 2'], ['db']]);
  });
});

describe('a token that never had all rights', () => {
  test.each([undefined, '{"filtered":true}', '{', '{}', 'null', '[]'])(
    'may hide what is missing, and that is said: %s',
    async (cursor) => {
      fleet.hide({ services: ['db'] });
      expect(await next(cursor)).toEqual({
        found: ['api 2', 'web 2'],
        ...{ unseen: [], filtered: leftOut('services'), why: undefined, cursor: '{"filtered":true}' },
      });
    },
  );

  test('and then has them is complete', async () => {
    expect(await next('{"filtered":true}')).toEqual(whole);
  });
});

describe('who Consul is', () => {
  const backendOf = async (more: object = {}) =>
    (await listTargets(consul, { server: fleet.url, ...more })).listed?.backend;

  test('is its datacenter with its servers', async () => {
    expect(await backendOf()).toEqual(['dc1/10.0.0.1:8300', 'dc1/10.0.0.2:8300']);
    expect(fleet.requests.at(-1)?.path).toBe('/v1/status/peers');
  });

  test.each([
    ['refuses', { kind: 'status', status: 403 }],
    ['fails', { kind: 'status', status: 500 }],
    ['has no servers', { kind: 'json', value: [] }],
    ['says nonsense', { kind: 'json', value: {} }],
    ['is silent', { kind: 'hang' }],
  ] as const)('is unknown where it %s, and the listing is whole all the same', async (_, fault) => {
    fleet.faults.add(fault, { when: ({ path }) => path.endsWith('/peers') });
    expect([await backendOf(), (await next()).found]).toEqual([undefined, whole.found]);
  });
});
