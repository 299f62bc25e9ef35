import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type KubernetesFleet, startKubernetesFleet } from '../../../lib/sim/kubernetes.ts';

let fleet: KubernetesFleet;

beforeAll(async () => {
  fleet = await startKubernetesFleet({
    objects: {},
    definitions: [
      {
        group: 'myteam.io',
        kind: 'Foo',
        plural: 'foos',
        versions: [
          { name: 'v1', served: true },
          { name: 'v1beta1', served: false },
        ],
        objects: [
          { metadata: { name: 'one', namespace: 'a' } },
          { metadata: { name: 'two', namespace: 'b' }, spec: { size: 2 } },
        ],
      },
      {
        group: 'myteam.io',
        kind: 'Site',
        plural: 'sites',
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true }],
        objects: [{ metadata: { name: 'here' } }],
      },
      {
        group: '',
        kind: 'Secret',
        plural: 'secrets',
        versions: [{ name: 'v1', served: true }],
        objects: [{ metadata: { name: 'login', namespace: 'a' }, data: { user: 'bWU=' } }],
      },
    ],
  });
});

afterAll(() => fleet.stop());

async function get(path: string, accept = 'application/json') {
  const response = await fetch(fleet.url + path, { headers: { accept } });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

test('custom resources are listed in the versions that are served', async () => {
  const { status, body } = await get('/apis/myteam.io/v1/foos');
  expect([status, JSON.parse(body)]).toEqual([
    200,
    {
      kind: 'FooList',
      apiVersion: 'myteam.io/v1',
      metadata: { resourceVersion: '1000' },
      items: [
        { apiVersion: 'myteam.io/v1', kind: 'Foo', metadata: { name: 'one', namespace: 'a' } },
        {
          apiVersion: 'myteam.io/v1',
          kind: 'Foo',
          metadata: { name: 'two', namespace: 'b' },
          spec: { size: 2 },
        },
      ],
    },
  ]);
  expect((await get('/apis/myteam.io/v1beta1/foos')).status).toBe(404);
});

test('they are selected by namespace, which those of the whole cluster have none of', async () => {
  const names = async (path: string) => (await get(path)).body.match(/(?<="name":")\w+/g);
  expect(await names('/apis/myteam.io/v1/namespaces/b/foos')).toEqual(['two']);
  expect(await names('/apis/myteam.io/v1/foos?fieldSelector=metadata.namespace!%3Db')).toEqual(['one']);
  expect((await get('/apis/myteam.io/v1/namespaces/b/sites')).status).toBe(404);
  expect((await get('/apis/myteam.io/v1/sites?fieldSelector=metadata.namespace!%3Db')).status).toBe(400);
});

test('they come in pages, and as JSON alone', async () => {
  const { metadata } = JSON.parse((await get('/apis/myteam.io/v1/foos?limit=1')).body);
  const rest = await get(`/apis/myteam.io/v1/foos?limit=1&continue=${metadata.continue}`);
  expect(rest.body.match(/(?<="name":")\w+/g)).toEqual(['two']);
  const protobuf = 'application/vnd.kubernetes.protobuf';
  expect((await get('/apis/myteam.io/v1/foos', protobuf)).status).toBe(406);
  expect((await get('/apis/myteam.io/v1/foos', `${protobuf},application/json`)).type).toBe(
    'application/json',
  );
});

test('their definitions are listed, in protobuf too', async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const { items } = JSON.parse((await get(path)).body);
  expect(items.map((item: { spec: object }) => item.spec)[1]).toEqual({
    group: 'myteam.io',
    names: { plural: 'sites', singular: 'site', kind: 'Site', listKind: 'SiteList' },
    scope: 'Cluster',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { description: 'A Site as of v1.', type: 'object' } },
      },
    ],
  });
  const protobuf = await get(path, 'application/vnd.kubernetes.protobuf');
  expect([protobuf.type, protobuf.body.slice(0, 3)]).toEqual(['application/vnd.kubernetes.protobuf', 'k8s']);
});

test('an object is given by its name, one of Kubernetes itself as well', async () => {
  const paths = ['/api/v1/namespaces/a/secrets/login', '/apis/myteam.io/v1/sites/here'];
  const found = await Promise.all(paths.map(async (path) => JSON.parse((await get(path)).body)));
  expect(found).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login', namespace: 'a' },
      data: { user: 'bWU=' },
    },
    { apiVersion: 'myteam.io/v1', kind: 'Site', metadata: { name: 'here' } },
  ]);
});

test('an object that is not there, or may not be seen, is not given', async () => {
  const restore = fleet.deny({ verb: 'get', resource: 'secrets' });
  const path = '/api/v1/namespaces/a/secrets';
  const denied = fleet.deny({ verb: 'get', resource: 'secrets', namespace: 'a' });
  const statuses = [(await get(`${path}/login`)).status];
  denied();
  restore();
  statuses.push(
    (await get(`${path}/other`)).status,
    (await get('/api/v1/namespaces/b/secrets/login')).status,
  );
  expect(statuses).toEqual([403, 404, 404]);
});
