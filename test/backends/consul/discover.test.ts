import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { consul } from '../../../lib/backends/consul/index.ts';
import type { PrometheusVersion } from '../../../lib/config/prometheus-version.ts';
import { type ConsulFleet, startConsulFleet } from '../../../lib/sim/consul.ts';
import { type ConsulInstance, type ConsulNode, makeConsulWorld } from '../../../lib/sim/consul-world.ts';
import { createAuthority } from '../../support/certificates.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';

let fleet: ConsulFleet;

const node: ConsulNode = {
  name: 'n1',
  address: '10.0.0.1',
  taggedAddresses: {},
  meta: { env: 'prod', zone: 'a' },
  checks: [],
};
const other: ConsulNode = { ...node, name: 'n2', address: '10.0.0.2', meta: { env: 'test', zone: 'a' } };

function instance(id: string, service: string, more: Partial<ConsulInstance> = {}): ConsulInstance {
  return {
    id,
    service,
    node: 'n1',
    tags: [],
    address: '',
    port: 80,
    meta: {},
    checks: [],
    index: 9,
    ...more,
  };
}

const instances = [
  instance('web-1', 'web', { tags: ['prod', 'http'] }),
  instance('web-2', 'web', { tags: ['prod'], node: 'n2' }),
  instance('db-1', 'db', { tags: ['http', 'db'] }),
  instance('api-1', 'api/v1 100%', { tags: ['prod', 'http'], node: 'n2' }),
];
const world = { datacenter: 'dc1', nodes: [node, other], instances, index: 9 };

beforeEach(async () => {
  fleet = await startConsulFleet({
    seed: 1,
    services: 0,
    instances: 0,
    token: 'root-token',
    pathPrefix: '/gate',
  });
  fleet.replace(world);
});
afterEach(() => fleet.stop());

const stanza = (more: object = {}) => ({ server: `${fleet.url}/gate`, token: 'root-token', ...more });

/** IDs of the instances found, by service. */
async function find(more: object = {}) {
  const { groups } = await listTargets(consul, stanza(more));
  const found = groups.map((group) => [
    group.source,
    group.targets.map((target) => target.__meta_consul_service_id),
  ]);
  return Object.fromEntries(found);
}

/** What was asked, path and query, without the prefix. */
function calls() {
  return fleet.requests.map(({ path, query }) =>
    decodeURIComponent(`${path.replace('/gate/v1', '')}?${query}`),
  );
}

describe('what is found', () => {
  test('all services, with the datacenter of the agent', async () => {
    expect(await listTargets(consul, stanza({ services: ['db'] }))).toEqual({
      groups: [
        {
          source: 'db',
          labels: { __meta_consul_service: 'db', __meta_consul_dc: 'dc1' },
          targets: [
            {
              __address__: '10.0.0.1:80',
              __meta_consul_address: '10.0.0.1',
              __meta_consul_health: 'passing',
              __meta_consul_metadata_env: 'prod',
              __meta_consul_metadata_zone: 'a',
              __meta_consul_node: 'n1',
              __meta_consul_service_id: 'db-1',
              __meta_consul_service_port: '80',
              __meta_consul_tags: ',http,db,',
            },
          ],
        },
      ],
      listed: { cursor: '{"filtered":false}', backend: ['dc1/127.0.0.1:8300'] },
      cursor: '{"filtered":false}',
      warnings: [],
      progress: [{ read: 1, total: 1 }],
    });
    expect(await find()).toEqual({
      'api/v1 100%': ['api-1'],
      db: ['db-1'],
      web: ['web-1', 'web-2'],
    });
  });

  test.each([
    [{ tags: ['prod'] }, { 'api/v1 100%': ['api-1'], web: ['web-1', 'web-2'] }],
    [{ tags: ['prod', 'http'] }, { 'api/v1 100%': ['api-1'], web: ['web-1'] }],
    [
      { services: ['web', 'db'], tags: ['http'] },
      { db: ['db-1'], web: ['web-1'] },
    ],
    [{ services: ['db', 'gone', 'db'] }, { db: ['db-1'] }],
    [{ node_meta: { env: 'prod', zone: 'a' } }, { db: ['db-1'], web: ['web-1'] }],
    [{ node_meta: { env: 'none' } }, {}],
  ])('with %j: %j', async (more, found) => {
    expect(await find(more)).toEqual(found);
  });

  test('a service that goes away between the two calls has no targets, and the rest stays', async () => {
    fleet.faults.add({ kind: 'json', value: [] }, { when: ({ path }) => path.endsWith('/web') });
    expect(await find()).toEqual({ 'api/v1 100%': ['api-1'], db: ['db-1'] });
  });

  test('a large catalog is handed on in batches, complete', async () => {
    fleet.replace(makeConsulWorld({ seed: 5, services: 600, instances: 1500 }));
    const { groups, progress } = await listTargets(consul, stanza());
    expect(
      groups.flatMap((group) => group.targets.map((target) => target.__meta_consul_service_id)).sort(),
    ).toEqual(
      fleet
        .world()
        .instances.map(({ id }) => id)
        .sort(),
    );
    expect(progress.length).toBe(600);
    expect(progress.at(-1)).toEqual({ read: 600, total: 600 });
  });

  test('names that Consul would redirect to another service are left out, with a warning', async () => {
    const odd = ['a//b', '..', '/a', './x'].map((name) => instance(name, name));
    fleet.replace({ ...world, instances: [...odd, instance('a-1', 'a/b'), instance('b-1', 'tail/')] });
    const { groups, warnings } = await listTargets(consul, stanza());
    expect(groups.map(({ source }) => source)).toEqual(['a/b', 'tail/']);
    expect(warnings).toEqual([
      `${fleet.url}/gate: left out services "..", "./x", "/a" and 1 more: Consul's API cannot serve such a name`,
    ]);
  });
});

describe('what is asked', () => {
  test('nothing but the services and who Consul is, when they and the datacenter are configured', async () => {
    await find({ services: ['web'], datacenter: 'dc1' });
    expect(calls()).toEqual(['/health/service/web?dc=dc1&stale=', '/status/peers?dc=dc1']);
  });

  test('agent, catalog and each service, with every option where Consul expects it', async () => {
    await find({ namespace: 'team', partition: 'edge', tags: ['prod', 'http'], node_meta: { zone: 'a' } });
    expect(calls().sort()).toEqual([
      '/agent/self?ns=team&partition=edge',
      '/catalog/services?ns=team&partition=edge&stale=&node-meta=zone:a',
      '/health/service/api/v1 100%?ns=team&partition=edge&stale=&node-meta=zone:a&tag=prod&tag=http',
      '/health/service/web?ns=team&partition=edge&stale=&node-meta=zone:a&tag=prod&tag=http',
      '/status/peers?',
    ]);
  });

  test('filter goes to the catalog, health_filter to the services', async () => {
    fleet.faults.add(
      { kind: 'json', value: { web: [] } },
      { when: ({ path }) => path.endsWith('/services') },
    );
    fleet.faults.add({ kind: 'json', value: [] }, { when: ({ path }) => path.endsWith('/web') });
    const filters = { filter: 'ServiceName == "web"', health_filter: 'Node.Node != "n2"' };
    await find({ ...filters, services: ['web', 'db'], datacenter: 'dc1', allow_stale: false });
    expect(calls()).toEqual([
      '/catalog/services?dc=dc1&filter=ServiceName+==+"web"',
      '/health/service/web?dc=dc1&filter=Node.Node+!=+"n2"',
      '/status/peers?dc=dc1',
    ]);
  });

  test.each([
    [{ token: 'root-token' }, { 'x-consul-token': 'root-token' }],
    [{ token: '', authorization: { credentials: 'root-token' } }, { authorization: 'Bearer root-token' }],
    [{ http_headers: { 'x-consul-token': { values: ['other'] } } }, { 'x-consul-token': 'root-token' }],
    [
      { username: 'u', password: 'p' },
      { 'x-consul-token': 'root-token', authorization: 'Basic dTpw' },
    ],
  ])('credentials of %j', async (more, headers) => {
    await find(more);
    expect(fleet.requests.length).toBe(6);
    for (const request of fleet.requests) expect(request.headers).toMatchObject(headers);
  });
});

test.each<[PrometheusVersion, asked: boolean]>([
  ['3.10', false],
  ['3.11', true],
])('a filter beside services sends Prometheus %s to the catalog: %j', async (prometheus, asked) => {
  const services = { services: ['web'], datacenter: 'dc1' };
  fleet.faults.add({ kind: 'json', value: { web: [] } }, { when: ({ path }) => path.endsWith('/services') });
  const isAsked = async (more: object) => {
    const before = fleet.requests.length;
    await listTargets(consul, stanza({ ...services, ...more }), { prometheus });
    return fleet.requests.slice(before).some(({ path }) => path.endsWith('/v1/catalog/services'));
  };
  expect(await isAsked({ filter: 'ServiceName == "web"' })).toBe(asked);
  expect(await isAsked({ filter: 'ServiceName == "web"', tags: ['prod'] })).toBe(true);
});

test('an agent on a Unix socket is asked there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'consul-'));
  const socketPath = join(folder, 'agent.sock');
  const local = await startConsulFleet({ seed: 1, services: 0, instances: 0, socketPath });
  local.replace(world);
  const { groups } = await listTargets(consul, { server: local.url, services: ['db'] });
  await local.stop();
  await rm(folder, { recursive: true });
  expect(groups.map(({ source }) => source)).toEqual(['db']);
});

test('an agent with TLS is asked over TLS, and only if its certificate is good', async () => {
  const authority = createAuthority();
  const secure = await startConsulFleet({
    seed: 1,
    services: 0,
    instances: 0,
    tls: authority.issue({ names: ['127.0.0.1'] }),
  });
  secure.replace(world);
  const stanza = { server: secure.url.replace('https://', ''), scheme: 'https', services: ['db'] };
  const { groups } = await listTargets(consul, { ...stanza, tls_config: { ca: authority.cert } });
  const refused = await failure(listTargets(consul, stanza));
  await secure.stop();
  expect(groups.map(({ source }) => source)).toEqual(['db']);
  expect(refused.kind).toBe('tls');
  expect(secure.requests.length).toBe(3);
});

describe('an answer that is not the truth', () => {
  test('an agent without a leader is a failure, however well it answers', async () => {
    for (const value of [{}, []]) {
      const headers = { 'x-consul-knownleader': 'false', 'content-type': 'application/json' };
      fleet.faults.add(
        { kind: 'status', status: 200, headers, body: JSON.stringify(value) },
        { when: ({ path }) => path.includes(Array.isArray(value) ? '/health/' : '/catalog/') },
      );
      const services = Array.isArray(value) ? ['web'] : [];
      expect(await failure(find({ services }))).toEqual({
        kind: 'unreachable',
        message: `GET ${fleet.url}/gate/v1/${services.length > 0 ? 'health/service/web' : 'catalog/services'}: Consul has no leader, so its answer may be out of date: check its servers`,
      });
    }
  });

  test('a token that may see no service is denied; an empty catalog is an empty list', async () => {
    fleet.replace({ ...world, instances: [] });
    expect(await find()).toEqual({});
    expect(await failure(find({ token: '', datacenter: 'dc1' }))).toEqual({
      kind: 'denied',
      message: `${fleet.url}/gate: Consul shows no service to this token: it needs service:read`,
    });
  });

  test('services whose instances the token may not see are told of', async () => {
    const { groups, warnings } = await listTargets(
      consul,
      stanza({ token: '', datacenter: 'dc1', services: ['web', 'db'] }),
    );
    expect({ groups, warnings }).toEqual({
      groups: [],
      warnings: [
        `${fleet.url}/gate: the token may not read the nodes of services "db", "web": give it node:read there`,
      ],
    });
  });
});
