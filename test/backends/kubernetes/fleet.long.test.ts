import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type KubernetesFleet,
  type KubernetesFleetOptions,
  startKubernetesFleet,
} from '../../../lib/sim/kubernetes.ts';
import { hashGroups, toGroups } from '../../../lib/targets/canonical.ts';
import { failure } from '../../support/http-client.ts';
import { testFolder } from './connection/connect.ts';
import { type Discovered, discover } from './discover.ts';

async function startFleet(
  options: Partial<KubernetesFleetOptions> = {},
): Promise<KubernetesFleet & AsyncDisposable> {
  const fleet = await startKubernetesFleet({ seed: 7, pods: 120, ...options });
  return { ...fleet, [Symbol.asyncDispose]: () => fleet.stop() };
}

/** What a reader of all batches ends up with. */
function hashOf({ batches }: Discovered): string {
  const kept = new Map(batches.flat().map((group) => [group.source, group]));
  return hashGroups(toGroups([...kept.values()].filter(({ targets }) => targets.length > 0)));
}

const all = { node: true, namespace: true, deployment: true, job: true, cronjob: true };

describe.each(['node', 'service', 'pod', 'endpoints', 'endpointslice', 'ingress'])('role %s', (role) => {
  test('finds the same in small pages, in one page, and compressed', async () => {
    await using fleet = await startFleet({ pods: 80 });
    const stanza = { role, attach_metadata: all };
    const whole = await discover(fleet, { ...stanza, muster: { page_size: 10_000 } });
    const paged = await discover(fleet, { ...stanza, muster: { page_size: 7 } });
    const gzipped = await discover(fleet, { ...stanza, muster: { compression: true } });
    expect([hashOf(paged), hashOf(gzipped)]).toEqual([hashOf(whole), hashOf(whole)]);
    expect(whole.batches.flat().length).toBeGreaterThan(0);
  });

  test('finds in its namespaces, one by one, what it finds in all', async () => {
    await using fleet = await startFleet({ pods: 80 });
    const names = [...fleet.objects('namespaces')].map(
      ({ metadata }) => JSON.parse(JSON.stringify(metadata)).name,
    );
    const stanza = { role, attach_metadata: all };
    const whole = await discover(fleet, stanza);
    const apart = await discover(fleet, { ...stanza, namespaces: { names } });
    expect(hashOf(apart)).toBe(hashOf(whole));
  });
});

test('a node selector leaves out pods on other nodes, and on nodes that are gone', async () => {
  await using fleet = await startFleet({ pods: 300 });
  const stanza = { role: 'pod', attach_metadata: { node: true } };
  const zone = '__meta_kubernetes_node_label_topology_kubernetes_io_zone';
  const whole = (await discover(fleet, stanza)).batches.flat();
  const there = whole.filter(({ labels }) => labels[zone] === 'eu-west-1a');
  const selectors = [{ role: 'node', label: 'topology.kubernetes.io/zone=eu-west-1a' }];
  const selected = (await discover(fleet, { ...stanza, selectors })).batches.flat();
  expect(selected).toEqual(there);
  expect([there.length > 0, there.length < whole.length]).toEqual([true, true]);
});

test('a list that expires half way ends as one that was read after that', async () => {
  await using fleet = await startFleet();
  const stanza = { role: 'pod', muster: { page_size: 20 } };
  let compacted = false;
  const expiring = await discover(fleet, stanza, {
    onProgress({ read }) {
      if (read < 100 || compacted) return;
      compacted = true;
      fleet.mutate(200);
      fleet.compact();
    },
  });
  expect([compacted, hashOf(expiring)]).toEqual([true, hashOf(await discover(fleet, stanza))]);
  const firstPages = fleet.requests.filter(
    ({ path, query }) => path.endsWith('/pods') && !query.has('continue'),
  );
  expect(firstPages.length).toBe(3);
});

test('the next cycle asks for nothing older, and sees what changed', async () => {
  await using fleet = await startFleet();
  const stanza = { role: 'pod' };
  const first = await discover(fleet, stanza);
  fleet.mutate(50);
  const second = await discover(fleet, stanza, { cursor: first.cursor ?? '' });
  const lists = fleet.requests.filter(({ path }) => path.endsWith('/pods'));
  const { query } = lists.at(-1) ?? { query: new URLSearchParams() };
  expect(query.get('resourceVersionMatch')).toBe('NotOlderThan');
  expect(hashOf(second)).toBe(hashOf(await discover(fleet, stanza)));
  expect(hashOf(second)).not.toBe(hashOf(first));
});

test('a cursor from the future is given up for a plain list', async () => {
  await using fleet = await startFleet();
  const cursor = JSON.stringify({ server: `${fleet.url}/`, lists: { 'api/v1/pods': '99999999' } });
  const found = await discover(fleet, { role: 'pod' }, { cursor });
  expect(hashOf(found)).toBe(hashOf(await discover(fleet, { role: 'pod' })));
});

test('by a kubeconfig with a token, in protobuf', async () => {
  await using folder = await testFolder();
  await using fleet = await startFleet({ token: 'sekrit' });
  await writeFile(join(folder.path, 'config'), fleet.kubeconfig());
  const found = await discover(
    fleet,
    { role: 'service', kubeconfig_file: 'config' },
    { directory: folder.path },
  );
  expect(found.batches.flat().length).toBeGreaterThan(0);
});

describe('says which right is missing', () => {
  test('for a list that is joined', async () => {
    await using fleet = await startFleet();
    fleet.deny({ verb: 'list', resource: 'services' });
    expect(await failure(discover(fleet, { role: 'endpointslice' }))).toEqual({
      kind: 'denied',
      status: 403,
      message: `GET ${fleet.url}/api/v1/services: HTTP 403: user "system:serviceaccount:monitoring:muster" may not list services in all namespaces: bind it to a ClusterRole with the rule {apiGroups: [""], resources: ["services"], verbs: ["list"]}`,
    });
  });

  test('and which API', async () => {
    await using fleet = await startFleet();
    fleet.removeGroup('discovery.k8s.io');
    expect(await failure(discover(fleet, { role: 'endpointslice' }))).toEqual({
      kind: 'not-found',
      status: 404,
      message: `GET ${fleet.url}/apis/discovery.k8s.io/v1/endpointslices: HTTP 404: the API server has no endpointslices of discovery.k8s.io/v1: it needs Kubernetes 1.21 or later`,
    });
  });

  test('and what a field selector may not name', async () => {
    await using fleet = await startFleet();
    const selectors = [{ role: 'pod', field: 'nope=x' }];
    expect(await failure(discover(fleet, { role: 'pod', selectors }))).toEqual({
      kind: 'status',
      status: 400,
      message: `GET ${fleet.url}/api/v1/pods: HTTP 400 Bad Request: field label not supported: nope`,
    });
  });

  test('and that the token is not known', async () => {
    await using fleet = await startFleet({ token: 'sekrit' });
    const { kind, message } = await failure(
      discover(fleet, { role: 'pod', authorization: { credentials: 'wrong-token' } }),
    );
    expect([kind, message]).toEqual([
      'denied',
      `GET ${fleet.url}/api/v1/pods: HTTP 401: the API server does not know the user: check the credentials of this SD config`,
    ]);
  });
});
