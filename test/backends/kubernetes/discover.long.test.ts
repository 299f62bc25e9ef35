import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { kubernetes } from '../../../lib/backends/kubernetes/index.ts';
import { mediaTypes } from '../../../lib/backends/kubernetes/wire/list.ts';
import type { FleetAnswer, FleetRequest } from '../../../lib/sim/faults.ts';
import { startKubernetesFleet } from '../../../lib/sim/kubernetes.ts';
import type { Progress } from '../../../lib/targets/discover.ts';
import { targetLabels } from '../../../lib/targets/group.ts';
import { failure, openTestClient, readInline } from '../../support/http-client.ts';
import { page, startApiServer, status } from './api-server.ts';
import { discover } from './discover.ts';
import { body, type Form, forms, promtoolTargets } from './recorded.ts';

/** The recorded cluster; pods come in the three recorded pages where those are asked for. */
function recordedCluster(form: Form) {
  return ({ path, query }: FleetRequest): FleetAnswer => {
    const resource = path.slice(path.lastIndexOf('/') + 1);
    const paged = query.get('limit') === '25' && resource === 'pods';
    const name = paged ? `pods-page-${pageNumber(query.get('continue'))}` : resource;
    return { headers: { 'content-type': mediaTypes[form] }, body: body(name, form) };
  };
}

/** The recorded tokens say in which namespace the next page begins. */
function pageNumber(token: string | null): number {
  if (token === null) return 1;
  return Buffer.from(token, 'base64url').toString().includes('"/monitoring/') ? 2 : 3;
}

const cases: readonly (readonly [string, object])[] = [
  ['node', { role: 'node' }],
  ['service', { role: 'service' }],
  ['pod', { role: 'pod', muster: { page_size: 25 } }],
  ['pod-meta', { role: 'pod', attach_metadata: { node: true } }],
  ['endpoints', { role: 'endpoints' }],
  ['endpoints-meta', { role: 'endpoints', attach_metadata: { node: true } }],
  ['endpointslice', { role: 'endpointslice' }],
  ['endpointslice-meta', { role: 'endpointslice', attach_metadata: { node: true } }],
  ['ingress', { role: 'ingress' }],
];

describe.each(forms)('the recorded cluster in %s', (form) => {
  test.each(cases)('gives the targets that promtool printed: %s', async (name, stanza) => {
    await using server = await startApiServer(recordedCluster(form));
    const { batches } = await discover(server, stanza, { prometheus: '3.5' });
    const found = batches
      .flat()
      .flatMap((group) => [...new Set(group.targets.map((target) => lineOf(targetLabels(group, target))))]);
    expect(found.sort()).toEqual(promtoolTargets(name).map(lineOf).sort());
  });
});

function lineOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

test('pods come page by page, with their progress, and the cursor at the end', async () => {
  await using server = await startApiServer(recordedCluster('protobuf'));
  const progress: Progress[] = [];
  const { batches, cursor } = await discover(
    server,
    { role: 'pod', muster: { page_size: 25 } },
    { onProgress: (step) => progress.push(step) },
  );
  expect(batches.length).toBe(3);
  expect(progress).toEqual([
    { read: 25, total: 60 },
    { read: 50, total: 60 },
    { read: 60, total: 60 },
  ]);
  expect(JSON.parse(cursor ?? '')).toEqual({ server: `${server.url}/`, lists: { 'api/v1/pods': '265' } });
});

test('lists what a role joins at the same time, with its selectors, and the slices after that', async () => {
  const joined = ['/api/v1/pods', '/api/v1/services', '/api/v1/nodes', '/api/v1/namespaces'];
  const all = Promise.withResolvers<void>();
  const answer = recordedCluster('json');
  let calls = 0;
  await using server = await startApiServer(async (request) => {
    if (++calls === joined.length) all.resolve();
    await all.promise;
    return answer(request);
  });
  await discover(server, {
    role: 'endpointslice',
    attach_metadata: { node: true, namespace: true },
    selectors: [
      { role: 'pod', field: 'status.phase=Running' },
      { role: 'service', label: 'a' },
      { role: 'endpointslice', label: '!b' },
    ],
  });
  const requests = server.requests.map(({ path, query }) => {
    query.delete('limit');
    return `${path}?${decodeURIComponent(query.toString())}`;
  });
  expect(requests.slice(0, 4).sort()).toEqual([
    '/api/v1/namespaces?',
    '/api/v1/nodes?',
    '/api/v1/pods?fieldSelector=status.phase=Running',
    '/api/v1/services?labelSelector=a',
  ]);
  expect(requests.slice(4)).toEqual([
    '/apis/discovery.k8s.io/v1/endpointslices?labelSelector=!b',
    '/api/v1/namespaces/kube-system?',
  ]);
});

describe('namespaces', () => {
  test('are listed each by itself, once, and nodes for all of them together', async () => {
    await using server = await startApiServer(({ path }) =>
      path.endsWith('/nodes') ? page('', { kind: 'NodeList' }) : page('', { kind: 'PodList' }),
    );
    await discover(server, {
      role: 'pod',
      namespaces: { names: ['a', 'b', 'a'] },
      attach_metadata: { node: true },
      selectors: [{ role: 'node', label: 'zone=z' }],
    });
    expect([...server.asked()].sort()).toEqual([
      '/namespaces/a/pods?limit=500',
      '/namespaces/b/pods?limit=500',
      '/namespaces/kube-system?',
      '/nodes?labelSelector=zone=z&limit=500',
    ]);
  });

  test('of which one is empty text are all of them', async () => {
    await using server = await startApiServer(() => page('', { kind: 'PodList' }));
    await discover(server, { role: 'pod', namespaces: { names: ['a', ''] } });
    expect(server.asked()).toEqual(['/pods?limit=500', '/namespaces/kube-system?']);
  });

  test('do not matter to nodes', async () => {
    await using server = await startApiServer(() => page('', { kind: 'NodeList' }));
    await discover(server, {
      role: 'node',
      namespaces: { names: ['a'] },
      attach_metadata: { namespace: true },
    });
    expect(server.asked()).toEqual(['/nodes?limit=500', '/namespaces/kube-system?']);
  });

  test('fail together when one of them fails', async () => {
    await using server = await startApiServer(({ path }) =>
      path.includes('/b/') ? status(403) : page('', { kind: 'PodList' }),
    );
    const { kind } = await failure(discover(server, { role: 'pod', namespaces: { names: ['a', 'b', 'c'] } }));
    expect(kind).toBe('denied');
  });
});

describe('the cluster behind the API server', () => {
  const clusterUid = '6f1b3c1e-0c7e-4d3a-9d0f-3c9a1f0e7b11';
  const cluster = { seed: 1, pods: 5, nodes: 2 };

  test('is known by the uid of its namespace kube-system', async () => {
    const fleet = await startKubernetesFleet({ ...cluster, clusterUid, token: 'sekrit' });
    const { listed } = await discover(fleet, { role: 'pod', authorization: { credentials: 'sekrit' } });
    await fleet.stop();
    expect(listed?.backend).toEqual([clusterUid]);
  });

  test.each([
    ['has no such namespace', { kind: 'status', status: 404 }],
    ['refuses', { kind: 'status', status: 403 }],
    ['is overloaded', { kind: 'status', status: 429 }],
    ['answers with a page', { kind: 'html' }],
    ['cuts the connection', { kind: 'cut' }],
    ['is silent', { kind: 'hang' }],
  ] as const)('is unknown where the server %s, and the listing is whole all the same', async (_, fault) => {
    const fleet = await startKubernetesFleet({ ...cluster, clusterUid });
    fleet.faults.add(fault, { when: ({ path }) => path.endsWith('/kube-system') });
    const { listed, batches } = await discover(fleet, { role: 'pod' });
    const asked = fleet.requests.filter(({ path }) => path.endsWith('/kube-system')).length;
    await fleet.stop();
    expect([listed?.backend, Object.keys(listed ?? {}), batches.flat().length > 0, asked]).toEqual([
      undefined,
      ['cursor'],
      true,
      1,
    ]);
  });
});

test('keeps the path of an API server behind a proxy', async () => {
  await using server = await startApiServer(() => page('', { kind: 'PodList' }));
  await discover(server, { role: 'pod', api_server: `${server.url}/k8s/clusters/c-1/` });
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/k8s/clusters/c-1/api/v1/pods',
    '/k8s/clusters/c-1/api/v1/namespaces/kube-system',
  ]);
});

test('sends the credentials of the SD config', async () => {
  await using server = await startApiServer(() => page('', { kind: 'PodList' }));
  await discover(server, { role: 'pod', authorization: { credentials: 'sekrit' } });
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer sekrit',
    'Bearer sekrit',
  ]);
});

/** A page of services that have a port, and so a target each. */
function servicesPage(names: string, version: string, token?: string): FleetAnswer {
  const { metadata, items, ...rest } = JSON.parse(
    String(page(names, { version, ...(token && { token }) }).body),
  );
  const withPorts = items.map((item: object) => ({ ...item, spec: { ports: [{ port: 80 }] } }));
  return {
    headers: { 'content-type': mediaTypes.json },
    body: JSON.stringify({ ...rest, metadata, items: withPorts }),
  };
}

test('takes back what it gave when a list begins anew without it: two states are never mixed', async () => {
  const answers = [
    servicesPage('a b', '1', 'T'),
    servicesPage('c d', '1', 'U'),
    status(410, 'expired'),
    servicesPage('a d', '2', 'V'),
    servicesPage('e', '2'),
  ];
  await using server = await startApiServer((_request, call) => answers[call - 1] ?? status(500));
  const { batches, cursor } = await discover(server, { role: 'service' });
  expect(batches.map((groups) => groups.map(({ source, targets }) => `${source} ${targets.length}`))).toEqual(
    [
      ['svc/default/a 1', 'svc/default/b 1'],
      ['svc/default/c 1', 'svc/default/d 1'],
      ['svc/default/a 1', 'svc/default/d 1'],
      ['svc/default/e 1'],
      ['svc/default/b 0', 'svc/default/c 0'],
    ],
  );
  expect(JSON.parse(cursor ?? '')).toEqual({ server: `${server.url}/`, lists: { 'api/v1/services': '2' } });
});

test('a reader that stops ends all requests', async () => {
  await using server = await startApiServer((_request, call) => servicesPage(`s${call}`, '1', `T${call}`));
  await using http = await openTestClient();
  const config = kubernetes.schema.parse({
    role: 'service',
    api_server: server.url,
    namespaces: { names: ['a', 'b'] },
  });
  const listing = kubernetes.discover(config, {
    signal: new AbortController().signal,
    openHttp: async () => http,
    readCredential: readInline,
    warn: () => undefined,
  });
  await listing.next();
  await listing.return(undefined);
  // What was under way may still arrive. There is always one more page: without an end to it this would not end either.
  let asked = -1;
  while (asked !== server.requests.length) {
    asked = server.requests.length;
    await sleep(100);
  }
  expect(asked).toBeLessThan(10);
});

test('a deadline ends the listing', async () => {
  await using server = await startApiServer(() => servicesPage('a', '1'));
  server.faults.add({ kind: 'hang' });
  const stop = new AbortController();
  const listing = failure(discover(server, { role: 'service' }, { signal: stop.signal }));
  stop.abort();
  expect((await listing).kind).toBe('timeout');
});

test('Endpoints that Kubernetes cut at 1,000 addresses are told of, with what has them all', async () => {
  const endpoints = (namespace: string, name: string, value: string) => ({
    metadata: { namespace, name, annotations: { a: 'b', 'endpoints.kubernetes.io/over-capacity': value } },
    subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }],
  });
  const lists: Readonly<Record<string, readonly object[]>> = {
    '/api/v1/namespaces/a/endpoints': [endpoints('a', 'one', 'truncated'), endpoints('a', 'two', 'warning')],
    '/api/v1/namespaces/b/endpoints': [endpoints('b', 'x', 'truncated'), endpoints('b', 'y', 'truncated')],
  };
  await using server = await startApiServer(({ path }) => {
    const kind = path.endsWith('/pods')
      ? 'PodList'
      : path.endsWith('/services')
        ? 'ServiceList'
        : 'EndpointsList';
    const list = { kind, apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: lists[path] ?? [] };
    return { headers: { 'content-type': mediaTypes.json }, body: JSON.stringify(list) };
  });
  const warnings: string[] = [];
  const { batches } = await discover(
    server,
    { role: 'endpoints', namespaces: { names: ['a', 'b'] } },
    { warn: (message) => warnings.push(message) },
  );
  const why =
    'truncated: Kubernetes leaves out addresses over 1,000, and their targets are missing: use "role: endpointslice", which has all';
  expect(warnings.sort()).toEqual([`endpoints/a/one is ${why}`, `endpoints/b/x and 1 more are ${why}`]);
  expect(batches.flat().length).toBe(4);
});
