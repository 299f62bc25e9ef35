import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nomad, nomadConfig } from '../../../lib/backends/nomad/index.ts';
import { encodeGroup } from '../../../lib/targets/canonical.ts';
import { type NomadFleet, startNomadFleet } from '../../sim/nomad.ts';
import { listTargets } from '../../support/discover.ts';
import { failure, plainConfig } from '../../support/http-client.ts';

let fleet: NomadFleet;
beforeEach(async () => {
  fleet = await startNomadFleet({ seed: 'discover', services: 30, token: 'root' });
});
afterEach(() => fleet.stop());

const list = (more: object = {}) =>
  listTargets(nomad, { server: fleet.url, authorization: { credentials: 'root' }, ...more });

/** The targets of an answer with these instances for the one service that is listed. */
async function targetsOf(instances: unknown, more: object = {}) {
  fleet.faults.add(
    { kind: 'json', value: [{ Namespace: 'default', Services: [{ ServiceName: 'cart', Tags: [] }] }] },
    { when: ({ path }) => path === '/v1/services' },
  );
  fleet.faults.add({ kind: 'json', value: instances }, { when: ({ path }) => path === '/v1/service/cart' });
  return (await list(more)).groups.flatMap(({ targets }) => targets);
}

/** As in Nomad's API documentation, Read Service. */
const registration = {
  Address: '127.0.0.1',
  AllocID: '177160af-26f6-619f-9c9f-5e46d1104395',
  CreateIndex: 14,
  Datacenter: 'dc1',
  ID: '_nomad-task-177160af-26f6-619f-9c9f-5e46d1104395-redis-example-cache-redis-db',
  JobID: 'example',
  ModifyIndex: 24,
  Namespace: 'default',
  NodeID: '7406e90b-de16-d118-80fe-60d0f2730cb3',
  Port: 29702,
  ServiceName: 'example-cache-redis',
  Tags: ['db', 'cache'],
};
const target = {
  __address__: '127.0.0.1:29702',
  __meta_nomad_address: '127.0.0.1',
  __meta_nomad_dc: 'dc1',
  __meta_nomad_namespace: 'default',
  __meta_nomad_node_id: '7406e90b-de16-d118-80fe-60d0f2730cb3',
  __meta_nomad_service: 'example-cache-redis',
  __meta_nomad_service_address: '127.0.0.1',
  __meta_nomad_service_id: '_nomad-task-177160af-26f6-619f-9c9f-5e46d1104395-redis-example-cache-redis-db',
  __meta_nomad_service_port: '29702',
  __meta_nomad_tags: ',db,cache,',
};
const { __meta_nomad_tags: _tags, ...untagged } = target;
const at = (address: string, port: number, host = address) => ({
  ...target,
  __address__: `${host}:${port}`,
  __meta_nomad_address: address,
  __meta_nomad_service_address: address,
  __meta_nomad_service_port: String(port),
});

describe('an instance, as the reference builds its target', () => {
  test.each<[string, readonly object[] | null, readonly object[]]>([
    ['of the documentation', [registration], [target]],
    ['twice', [registration, { ...registration, Port: 1 }], [target, at('127.0.0.1', 1)]],
    ['on IPv6', [{ ...registration, Address: 'fd00::1' }], [at('fd00::1', 29702, '[fd00::1]')]],
    [
      'with a zone',
      [{ ...registration, Address: 'fe80::1%eth0' }],
      [at('fe80::1%eth0', 29702, '[fe80::1%eth0]')],
    ],
    ['with a host name', [{ ...registration, Address: 'node.example' }], [at('node.example', 29702)]],
    ['without a port', [{ ...registration, Port: 0 }], [at('127.0.0.1', 0)]],
    ['with a port of null', [{ ...registration, Port: null }], [at('127.0.0.1', 0)]],
    ['with a port that none has', [{ ...registration, Port: -1 }], [at('127.0.0.1', -1)]],
    ['with one tag', [{ ...registration, Tags: ['db'] }], [{ ...target, __meta_nomad_tags: ',db,' }]],
    ['with an empty tag', [{ ...registration, Tags: [''] }], [{ ...target, __meta_nomad_tags: ',,' }]],
    [
      'with a tag of null',
      [{ ...registration, Tags: [null, 'b'] }],
      [{ ...target, __meta_nomad_tags: ',,b,' }],
    ],
    [
      'with a comma in a tag',
      [{ ...registration, Tags: ['a,b'] }],
      [{ ...target, __meta_nomad_tags: ',a,b,' }],
    ],
    [
      'with text of any kind',
      [{ ...registration, Tags: ['ü "q"\n'] }],
      [{ ...target, __meta_nomad_tags: ',ü "q"\n,' }],
    ],
    ['without tags', [{ ...registration, Tags: [] }], [untagged]],
    ['with tags of null', [{ ...registration, Tags: null }], [untagged]],
    [
      'of another namespace and name than was asked for',
      [{ ...registration, Namespace: 'other', ServiceName: 'web' }],
      [{ ...target, __meta_nomad_namespace: 'other', __meta_nomad_service: 'web' }],
    ],
    [
      'without its node, datacenter and ID',
      [{ ...registration, NodeID: '', Datacenter: null, ID: undefined, Tags: null }],
      [
        {
          __address__: '127.0.0.1:29702',
          __meta_nomad_address: '127.0.0.1',
          __meta_nomad_namespace: 'default',
          __meta_nomad_service: 'example-cache-redis',
          __meta_nomad_service_address: '127.0.0.1',
          __meta_nomad_service_port: '29702',
        },
      ],
    ],
    ['with nothing', [{}], [{ __address__: ':0', __meta_nomad_service_port: '0' }]],
    ['that a later Nomad says more of', [{ ...registration, Weights: { Passing: 1 } }], [target]],
    ['that is gone', [], []],
    ['that is gone, as null', null, []],
  ])('%s', async (_name, instances, expected) => {
    expect(await targetsOf(instances)).toEqual(expected);
  });

  test.each([
    [';', ';db;cache;'],
    ['', 'dbcache'],
    [' - ', ' - db - cache - '],
  ])('tags with the separator %j', async (tag_separator, tags) => {
    expect(await targetsOf([registration], { tag_separator })).toEqual([
      { ...target, __meta_nomad_tags: tags },
    ]);
  });

  test.each([
    [[{ ...registration, Port: '80' }], '[0].Port: expected number'],
    [[{ ...registration, Port: 1.5 }], '[0].Port: expected int'],
    [[null], '[0]: expected object'],
    [{ Services: [] }, 'expected array'],
  ])('%j fails the listing', async (instances, says) => {
    const { kind, message } = await failure(targetsOf(instances));
    expect([kind, message]).toEqual([
      'malformed',
      expect.stringContaining(`GET ${fleet.url}/v1/service/cart: unexpected JSON: ${says}`),
    ]);
  });
});

describe('services', () => {
  const expected = (namespaces: readonly string[]) => {
    const own = fleet.world().registrations.filter(({ Namespace }) => namespaces.includes(Namespace));
    return [...Map.groupBy(own, ({ Namespace, ServiceName }) => `${Namespace}/${ServiceName}`)].map(
      ([source, instances]) => [source, instances.length],
    );
  };
  const sizes = async (more: object = {}) =>
    (await list(more)).groups.map(({ source, targets }) => [source, targets.length]);

  test('of the namespace are a group each, and who this Nomad is, is asked after that', async () => {
    const { groups, listed, warnings } = await list();
    expect(groups.map(({ source, targets }) => [source, targets.length])).toEqual(expected(['default']));
    expect(groups.length).toBeGreaterThan(10);
    expect({ listed, warnings }).toEqual({
      listed: { backend: ['global/10.0.0.1:4647', 'global/10.0.0.2:4647'] },
      warnings: [],
    });
    const asked = fleet.requests.map(({ path, query }) => `${path}?${query}`);
    expect([asked[0], asked.at(-1), asked.length]).toEqual([
      '/v1/services?region=global&namespace=default&stale=',
      '/v1/status/peers?region=global',
      groups.length + 2,
    ]);
    expect(asked.slice(1, -1).sort()).toEqual(
      groups
        .map(({ source }) => `/v1/service/${source.split('/')[1]}?region=global&namespace=default&stale=`)
        .sort(),
    );
  });

  test('of another namespace, and of all, each asked for in its own', async () => {
    expect(await sizes({ namespace: 'platform' })).toEqual(expected(['platform']));
    expect((await sizes({ namespace: '*' })).sort()).toEqual(expected(['default', 'platform']).sort());
    expect(await sizes({ namespace: 'none' })).toEqual([]);
  });

  test('one that goes between two calls is no group', async () => {
    const [first, ...rest] = await sizes();
    fleet.faults.add(
      { kind: 'json', value: [] },
      { when: ({ path }) => path === `/v1/service/${String(first?.[0]).split('/')[1]}` },
    );
    expect(await sizes()).toEqual(rest);
  });

  test('a name is asked for as it is', async () => {
    const odd = { ...registration, Tags: null, ServiceName: 'a b/c?d' };
    fleet.replace({ registrations: [odd] });
    expect(await sizes()).toEqual([['default/a b/c?d', 1]]);
    expect(fleet.requests.map(({ path }) => path)).toContain('/v1/service/a%20b%2Fc%3Fd');
  });

  test.each([[[]], [null], [[{ Namespace: 'default', Services: null }]]])(
    '%j is an empty list',
    async (value) => {
      fleet.faults.add({ kind: 'json', value }, { when: ({ path }) => path === '/v1/services' });
      expect((await list()).groups).toEqual([]);
    },
  );

  test('a service that is listed twice is asked for once', async () => {
    const twice = { Namespace: 'default', Services: [{ ServiceName: 'cart' }, { ServiceName: 'cart' }] };
    fleet.faults.add(
      { kind: 'json', value: [twice, twice] },
      { when: ({ path }) => path === '/v1/services' },
    );
    await list();
    expect(fleet.requests.filter(({ path }) => path === '/v1/service/cart').length).toBe(1);
  });

  test('the same seed makes the same services and the same churn', async () => {
    const again = await startNomadFleet({ seed: 'discover', services: 30, token: 'root' });
    expect(fleet.mutate(50)).toEqual(again.mutate(50));
    const digests = (await list()).groups.map((group) => encodeGroup(group).digest);
    const { groups } = await list({ server: again.url });
    await again.stop();
    expect(groups.map((group) => encodeGroup(group).digest)).toEqual(digests);
  });
});

test.each(['/v1/services', '/v1/service/service-0'])(
  'an answer of %s without a leader is refused',
  async (path) => {
    fleet.replace({ registrations: [{ ...registration, ServiceName: 'service-0' }] });
    const headers = { 'x-nomad-knownleader': 'false' };
    fleet.faults.add(
      { kind: 'status', status: 200, headers, body: '[]' },
      { when: (request) => request.path === path },
    );
    expect(await failure(list())).toEqual({
      kind: 'unreachable',
      message: `GET ${fleet.url}${path}: Nomad has no leader, so its answer may be out of date: check its servers`,
    });
  },
);

test('a Nomad that does not say who it is, is unknown, and the listing is whole all the same', async () => {
  fleet.faults.add({ kind: 'status', status: 403 }, { when: ({ path }) => path === '/v1/status/peers' });
  const { groups, listed } = await list();
  expect([groups.length > 10, listed]).toEqual([true, {}]);
});

describe('nomad_sd_configs', () => {
  test('nothing will do', () => {
    expect(nomadConfig.parse({})).toEqual({
      refresh_interval: 60_000,
      allow_stale: true,
      namespace: 'default',
      region: 'global',
      server: 'http://localhost:4646',
      tag_separator: ',',
      http: plainConfig,
    });
  });

  test('no stale reads, no region, no namespace: none is asked for', async () => {
    await list({ allow_stale: false, region: '', namespace: '' });
    expect(fleet.requests[0]?.query.toString()).toBe('');
  });

  test.each(['', 'nomad:4646', 'http://u:p@a', 'http://a?b=c'])('%j is no server', (server) => {
    const { error } = nomadConfig.safeParse({ server });
    expect(error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)).toEqual([
      'server: must be an http:// or https:// URL without credentials, query and fragment',
    ]);
  });
});
