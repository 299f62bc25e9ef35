import { describe, expect, test } from '@jest/globals';
import type { ObjectMeta } from '../../../../lib/backends/kubernetes/kinds/kind.ts';
import { openLister } from '../../../../lib/backends/kubernetes/listing/lister.ts';
import type { ListQuery } from '../../../../lib/backends/kubernetes/listing/page.ts';
import { joinedNode } from '../../../../lib/backends/kubernetes/roles/attached.ts';
import { endpointSlice } from '../../../../lib/backends/kubernetes/roles/endpointslice.ts';
import { ingress } from '../../../../lib/backends/kubernetes/roles/ingress.ts';
import { service } from '../../../../lib/backends/kubernetes/roles/service.ts';
import { mediaTypes } from '../../../../lib/backends/kubernetes/wire/list.ts';
import type { FleetAnswer } from '../../../../lib/sim/faults.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { failure, openTestClient } from '../../../support/http-client.ts';
import { namesOf, openTestLister, page, services, startApiServer, status } from '../api-server.ts';
import { body } from '../recorded.ts';

const slices: ListQuery<ObjectMeta> = { kind: endpointSlice, namespace: '' };
const ofWeb: ListQuery<ObjectMeta> = { kind: service, namespace: 'web' };

/** What a real API server answered, in protobuf. */
const recorded404: FleetAnswer = {
  status: 404,
  headers: { 'content-type': mediaTypes.protobuf },
  body: body('error-protobuf-status', 'protobuf'),
};

const account = 'User "system:serviceaccount:monitoring:muster" cannot list resource';

describe('a refusal says in one line what failed, where, and what to do', () => {
  test.each<[string, FleetAnswer, ListQuery<ObjectMeta>, string, string]>([
    [
      '401',
      status(401, 'Unauthorized'),
      services,
      'denied',
      '/api/v1/services: HTTP 401: the API server does not know the user: check the test',
    ],
    [
      '403 in all namespaces',
      status(403, `services is forbidden: ${account} "services" in API group "" at the cluster scope`),
      services,
      'denied',
      '/api/v1/services: HTTP 403: user "system:serviceaccount:monitoring:muster" may not list services in all namespaces: bind it to a ClusterRole with the rule {apiGroups: [""], resources: ["services"], verbs: ["list"]}',
    ],
    [
      '403 in one namespace',
      status(403, `services is forbidden: ${account} "services" in API group "" in the namespace "web"`),
      ofWeb,
      'denied',
      '/api/v1/namespaces/web/services: HTTP 403: user "system:serviceaccount:monitoring:muster" may not list services in namespace "web": bind it to a Role in "web" with the rule {apiGroups: [""], resources: ["services"], verbs: ["list"]}',
    ],
    [
      '403 of a group, by a server that says nothing',
      { status: 403, body: '' },
      slices,
      'denied',
      '/apis/discovery.k8s.io/v1/endpointslices: HTTP 403: the user of these credentials may not list endpointslices in all namespaces: bind it to a ClusterRole with the rule {apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"]}',
    ],
    [
      '403 of what belongs to no namespace',
      status(403, 'User "eyJhbGciOi.secret" cannot list resource'),
      { kind: joinedNode, namespace: '' },
      'denied',
      '/api/v1/nodes: HTTP 403: the user of these credentials may not list nodes: bind it to a ClusterRole with the rule {apiGroups: [""], resources: ["nodes"], verbs: ["list"]}',
    ],
    [
      '404 of endpoint slices',
      recorded404,
      slices,
      'not-found',
      '/apis/discovery.k8s.io/v1/endpointslices: HTTP 404: the API server has no endpointslices of discovery.k8s.io/v1: it needs Kubernetes 1.21 or later',
    ],
    [
      '404 of ingresses',
      recorded404,
      { kind: ingress, namespace: '' },
      'not-found',
      '/apis/networking.k8s.io/v1/ingresses: HTTP 404: the API server has no ingresses of networking.k8s.io/v1: it needs Kubernetes 1.19 or later',
    ],
    [
      '404 of services',
      { status: 404, body: 'nginx' },
      services,
      'not-found',
      '/api/v1/services: HTTP 404: there is no v1 services: is this the address of a Kubernetes API server?',
    ],
    [
      '400, with the words of the server',
      status(400, 'field label not supported: nope'),
      services,
      'status',
      '/api/v1/services: HTTP 400 Bad Request: field label not supported: nope',
    ],
    [
      '429 once it was tried as often as it may be',
      {
        ...status(429, 'Too many requests'),
        headers: { 'retry-after': '0', 'content-type': 'application/json' },
      },
      services,
      'throttled',
      '/api/v1/services: HTTP 429 Too Many Requests: Too many requests (tried 3 times)',
    ],
    [
      '500',
      status(500, 'etcd is away'),
      services,
      'status',
      '/api/v1/services: HTTP 500 Internal Server Error: etcd is away',
    ],
  ])('%s', async (_what, answer, query, kind, message) => {
    await using server = await startApiServer(() => answer);
    await using lister = await openTestLister(server);
    expect(await failure(namesOf(lister, query))).toEqual({
      kind,
      message: `GET ${server.url}${message}`,
      status: answer.status,
    });
  });
});

/** Twenty pages of one service each. */
function pageOf({ query }: { readonly query: URLSearchParams }): FleetAnswer {
  const number = Number(query.get('continue') ?? 1);
  return page(`s${number}`, number < 20 ? { token: `${number + 1}`, remaining: 20 - number } : {});
}

const isPageSeven = ({ query }: { readonly query: URLSearchParams }) => query.get('continue') === '7';

describe('page 7 of 20', () => {
  test('is asked for again when its connection was cut', async () => {
    await using server = await startApiServer(pageOf);
    server.faults.add({ kind: 'cut' }, { when: isPageSeven, times: 1 });
    await using lister = await openTestLister(server);
    expect((await namesOf(lister, services)).length).toBe(20);
    expect(server.requests.length).toBe(21);
  });

  test('fails the whole list when it is cut each time', async () => {
    await using server = await startApiServer(pageOf);
    server.faults.add({ kind: 'cut' }, { when: isPageSeven });
    await using lister = await openTestLister(server);
    const { kind, message } = await failure(namesOf(lister, services));
    expect([kind, message.replace(/\d+ of \d+ bytes/, 'N of M bytes')]).toEqual([
      'unreachable',
      `GET ${server.url}/api/v1/services: the answer was cut off after N of M bytes of the answer (tried 3 times) (page 7 of the list of services)`,
    ]);
    expect(JSON.parse(lister.cursor()).lists).toEqual({});
  });

  test('is asked for again after each 429', async () => {
    await using server = await startApiServer(pageOf);
    server.faults.add(
      { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
      { when: isPageSeven, times: 2 },
    );
    await using lister = await openTestLister(server);
    expect((await namesOf(lister, services)).length).toBe(20);
  });
});

test('a server whose authority is another one is not believed', async () => {
  const [ours, theirs] = [createAuthority('ours'), createAuthority('theirs')];
  const tls = theirs.issue({ names: ['127.0.0.1'] });
  await using server = await startApiServer(pageOf, { tls });
  await using http = await openTestClient(
    {
      tls_config: { ca: { from: 'file', path: 'ca' }, insecure_skip_verify: false },
    },
    { readCredential: async () => ours.cert },
  );
  const connection = { server: new URL(server.url), http, headers: async () => ({}), whenUnknown: '' };
  const lister = openLister(connection, { pageSize: 2, compression: false });
  const { kind, message } = await failure(namesOf(lister, services));
  expect([kind, message.split(': ').slice(0, 2)]).toEqual([
    'tls',
    [`GET ${server.url}/api/v1/services`, "the server's authority is not known"],
  ]);
  expect(server.requests).toEqual([]);
});
