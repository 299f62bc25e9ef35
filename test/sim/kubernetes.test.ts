import { request as requestTls } from 'node:https';
import { describe, expect, test } from '@jest/globals';
import { isObject, type Json, objectAt, parseJson, textAt } from '../../lib/sim/kubernetes/wire/json.ts';
import { type KubernetesFleet, kubernetesFaults } from '../../lib/sim/kubernetes.ts';
import { createAuthority } from '../support/certificates.ts';
import { disposable, startRecordedCluster } from './kubernetes/recorded-cluster.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly [key: string]: Json | undefined };
  readonly names: readonly string[];
}

async function get(
  fleet: KubernetesFleet,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(fleet.url + path, {
    headers: { authorization: 'Bearer sekrit', accept: 'application/json', ...headers },
  });
  const parsed = parseJson(await response.text());
  const body = isObject(parsed) ? parsed : {};
  return { status: response.status, headers: response.headers, body, names: namesOf(body.items) };
}

function namesOf(items: Json | undefined): readonly string[] {
  if (!Array.isArray(items)) return [];
  return items.map((item) => textAt(objectAt(item, 'metadata'), 'name'));
}

const pods = '/api/v1/pods';

/** All pages from a path on, as lists of names. */
async function pages(fleet: KubernetesFleet, path: string): Promise<readonly (readonly string[])[]> {
  const found = [];
  for (let token = ''; ; ) {
    const { names, body } = await get(fleet, token === '' ? path : `${path}&continue=${token}`);
    found.push(names);
    token = textAt(objectAt(body, 'metadata'), 'continue');
    if (token === '') return found;
  }
}

describe('lists', () => {
  test('pages of any size, joined, are the whole list', async () => {
    await using fleet = await startRecordedCluster();
    const { names } = await get(fleet, pods);
    for (const limit of [1, 7, 59, 60, 61]) {
      const found = await pages(fleet, `${pods}?limit=${limit}`);
      expect([found.length, found.flat()]).toEqual([Math.ceil(60 / limit), names]);
    }
  });

  test('pages of one namespace hold that namespace alone', async () => {
    await using fleet = await startRecordedCluster();
    const path = '/api/v1/namespaces/payments/pods';
    expect((await pages(fleet, `${path}?limit=5`)).flat()).toEqual((await get(fleet, path)).names);
    expect((await get(fleet, '/api/v1/namespaces/nobody/pods')).names).toEqual([]);
  });

  test.each([
    ['labelSelector', 'tier=web', 20],
    ['labelSelector', 'tier!=web', 40],
    ['labelSelector', 'tier in (web, db),pod-template-hash', 40],
    ['labelSelector', 'tier notin (web,db)', 20],
    ['labelSelector', '!tier', 0],
    ['labelSelector', 'tier=web,app.kubernetes.io/name==app-0', 3],
    ['labelSelector', 'constructor', 0],
    ['fieldSelector', 'status.phase=Running', 58],
    ['fieldSelector', 'status.phase!=Running', 2],
    ['fieldSelector', 'metadata.namespace=payments,spec.restartPolicy=Always', 15],
    ['fieldSelector', 'spec.hostNetwork=true', 1],
  ])('%s %s selects %j of 60 pods, paged or not', async (kind, selector, count) => {
    await using fleet = await startRecordedCluster();
    const path = `${pods}?${kind}=${encodeURIComponent(selector)}`;
    const whole = await get(fleet, path);
    expect([whole.names.length, objectAt(whole.body, 'metadata')]).toEqual([
      count,
      { resourceVersion: '265' },
    ]);
    expect((await pages(fleet, `${path}&limit=3`)).flat()).toEqual(whole.names);
  });

  test.each([
    [`${pods}?labelSelector=a%20b`, 400],
    [`${pods}?labelSelector=a%20in%20(b`, 400],
    ['/api/v1/nodes?fieldSelector=metadata.namespace%3Dx', 400],
    ['/api/v1/endpoints?fieldSelector=spec.nodeName%3Dx', 400],
    [`${pods}?limit=many`, 400],
    [`${pods}?continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjY1LCJzdGFydCI6Ii94In0&resourceVersion=265`, 400],
    [`${pods}?resourceVersionMatch=Exact`, 422],
    [`${pods}?resourceVersion=0&resourceVersionMatch=Exact`, 422],
    [`${pods}?resourceVersion=265&resourceVersionMatch=Exact`, 200],
    [`${pods}?resourceVersion=264&resourceVersionMatch=Exact`, 410],
    [`${pods}?resourceVersion=264&resourceVersionMatch=NotOlderThan`, 200],
    [`${pods}?sendInitialEvents=true`, 422],
    ['/api/v1/namespaces/default/nodes', 404],
    ['/apis/apps/v1/deployments', 404],
  ])('%s is answered with %j', async (path, status) => {
    await using fleet = await startRecordedCluster();
    expect((await get(fleet, path)).status).toBe(status);
  });

  test('from the cache at any version the list is never cut', async () => {
    await using fleet = await startRecordedCluster();
    expect((await get(fleet, `${pods}?limit=25&resourceVersion=0`)).names.length).toBe(60);
  });

  test('gzip only for those who ask, and only for what is large', async () => {
    await using fleet = await startRecordedCluster();
    const encodings = [];
    for (const [path, accepted] of [
      [pods, 'identity'],
      [pods, 'gzip'],
      ['/api/v1/nodes', 'gzip'],
    ] as const)
      encodings.push(
        (await get(fleet, path, { 'accept-encoding': accepted })).headers.get('content-encoding'),
      );
    expect(encodings).toEqual([null, 'gzip', null]);
  });
});

describe('a listing while the cluster changes', () => {
  test('stays on the version it began with', async () => {
    await using fleet = await disposable({ seed: 'paged', pods: 120 });
    const before = (await get(fleet, pods)).names;
    const { body, names } = await get(fleet, `${pods}?limit=100`);
    expect(fleet.mutate(10).length).toBe(10);
    const token = textAt(objectAt(body, 'metadata'), 'continue');
    const rest = await get(fleet, `${pods}?limit=500&continue=${token}`);
    expect([...names, ...rest.names]).toEqual(before);
    expect((await get(fleet, pods)).names).not.toEqual(before);
    expect(objectAt(rest.body, 'metadata')).toEqual({ resourceVersion: '1000' });
    expect(fleet.resourceVersion()).toBe(1010);
  });

  test('is over when its token expired; the token in the 410 leads to the inconsistent rest', async () => {
    await using fleet = await startRecordedCluster();
    const first = await get(fleet, `${pods}?limit=25`);
    fleet.compact();
    const token = textAt(objectAt(first.body, 'metadata'), 'continue');
    const expired = await get(fleet, `${pods}?limit=25&continue=${token}`);
    expect([expired.status, expired.body.reason, expired.body.code]).toEqual([410, 'Expired', 410]);
    const offered = textAt(objectAt(expired.body, 'metadata'), 'continue');
    expect(Buffer.from(offered, 'base64url').toString()).toBe(
      '{"v":"meta.k8s.io/v1","rv":-1,"start":"/monitoring/app-5-7d9c5-467db897c\\u0000"}',
    );
    const rest = await get(fleet, `${pods}?continue=${offered}`);
    expect([rest.status, rest.names.length]).toEqual([200, 35]);
    expect((await pages(fleet, `${pods}?limit=25`)).flat().length).toBe(60);
  });

  test('given objects can be replaced', async () => {
    await using fleet = await startRecordedCluster();
    fleet.replace({ pods: [{ metadata: { name: 'only', namespace: 'default' } }] });
    const { names, body } = await get(fleet, pods);
    expect([names, objectAt(body, 'metadata')]).toEqual([['only'], { resourceVersion: '266' }]);
    expect((await get(fleet, '/api/v1/nodes')).names).toEqual([]);
  });
});

describe('what an API server may refuse', () => {
  test('a verb on a resource, by name and scope, until it is allowed again', async () => {
    await using fleet = await startRecordedCluster();
    const allow = fleet.deny({ resource: 'endpointslices', namespace: '' });
    const path = '/apis/discovery.k8s.io/v1/endpointslices';
    const denied = await get(fleet, path);
    expect([denied.status, denied.body]).toEqual([
      403,
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message:
          'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:monitoring:muster" cannot list ' +
          'resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope',
        reason: 'Forbidden',
        details: { group: 'discovery.k8s.io', kind: 'endpointslices' },
        code: 403,
      },
    ]);
    expect((await get(fleet, '/apis/discovery.k8s.io/v1/namespaces/web/endpointslices')).status).toBe(200);
    allow();
    expect((await get(fleet, path)).status).toBe(200);
  });

  test('an API group that it does not have', async () => {
    await using fleet = await startRecordedCluster();
    const bringBack = fleet.removeGroup('networking.k8s.io');
    const path = '/apis/networking.k8s.io/v1/ingresses';
    const groups = async () => JSON.stringify((await get(fleet, '/apis')).body).includes('networking');
    expect([(await get(fleet, path)).status, await groups()]).toEqual([404, false]);
    bringBack();
    expect([(await get(fleet, path)).status, await groups()]).toEqual([200, true]);
  });

  test('page 3 of 5, in each of the usual ways', async () => {
    await using fleet = await startRecordedCluster();
    const when = fleet.onPage(3);
    const seen = [];
    for (const fault of [
      kubernetesFaults.throttled(7),
      kubernetesFaults.internal(),
      kubernetesFaults.unauthorized(),
      kubernetesFaults.expired(),
    ]) {
      const remove = fleet.faults.add(fault, { when });
      let token = '';
      for (let page = 1; page <= 3; page += 1) {
        const { status, headers, body } = await get(
          fleet,
          `${pods}?limit=12${token && `&continue=${token}`}`,
        );
        token = textAt(objectAt(body, 'metadata'), 'continue');
        if (status !== 200) seen.push([page, status, headers.get('retry-after'), body.reason]);
      }
      remove();
    }
    expect(seen).toEqual([
      [3, 429, '7', undefined],
      [3, 500, null, 'InternalError'],
      [3, 401, null, 'Unauthorized'],
      [3, 410, null, 'Expired'],
    ]);
  });
});

test('over TLS it is trusted by those who know its authority, and by no one else', async () => {
  const authority = createAuthority();
  const tls = authority.issue({ names: ['127.0.0.1'] });
  await using fleet = await startRecordedCluster({ tls });
  const status = (ca: string) =>
    new Promise<number | string | undefined>((resolve) => {
      requestTls(`${fleet.url}/readyz`, { ca, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .once('error', (error) => resolve('code' in error ? String(error.code) : error.message))
        .end();
    });
  expect([await status(authority.cert), await status(createAuthority('another').cert)]).toEqual([
    200,
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ]);
});

test('a kubeconfig names server, token and authority', async () => {
  await using fleet = await startRecordedCluster();
  expect(JSON.parse(fleet.kubeconfig('PEM'))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'simulated', cluster: { server: fleet.url, 'certificate-authority-data': 'UEVN' } }],
    users: [{ name: 'muster', user: { token: 'sekrit' } }],
    contexts: [{ name: 'simulated', context: { cluster: 'simulated', user: 'muster' } }],
    'current-context': 'simulated',
  });
});
