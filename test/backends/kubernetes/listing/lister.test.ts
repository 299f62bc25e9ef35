import { describe, expect, test } from '@jest/globals';
import { service } from '../../../../lib/backends/kubernetes/roles/service.ts';
import type { FleetAnswer } from '../../../../lib/sim/faults.ts';
import type { Progress } from '../../../../lib/targets/discover.ts';
import { failure } from '../../../support/http-client.ts';
import { polled } from '../../../support/poll.ts';
import { namesOf, openTestLister, page, services, startApiServer, status } from '../api-server.ts';

/** Answers one after another, the last one for ever. */
function inTurn(...answers: readonly FleetAnswer[]) {
  return (_request: unknown, call: number): FleetAnswer => {
    const answer = answers[Math.min(call, answers.length) - 1];
    if (answer === undefined) throw new Error('no answers');
    return answer;
  };
}

describe('a list in pages', () => {
  test('is read to its end, each page asked for by the token of the one before', async () => {
    await using server = await startApiServer(
      inTurn(
        page('a b', { token: 'T1', remaining: 3 }),
        page('c d', { token: 'T2', remaining: 1 }),
        page('e'),
      ),
    );
    await using lister = await openTestLister(server);
    expect(await namesOf(lister, services)).toEqual(['^a b', 'c d', 'e']);
    expect(server.asked()).toEqual([
      '/services?limit=2',
      '/services?limit=2&continue=T1',
      '/services?limit=2&continue=T2',
    ]);
  });

  test('is asked for with its namespace and selectors on every page', async () => {
    await using server = await startApiServer(inTurn(page('a', { token: 'T' }), page('b')));
    await using lister = await openTestLister(server);
    const selector = { label: 'app in (a,b)', field: 'metadata.name!=x' };
    await namesOf(lister, { kind: service, namespace: 'web', selector });
    const selectors = 'labelSelector=app+in+(a,b)&fieldSelector=metadata.name!=x';
    expect(server.asked()).toEqual([
      `/namespaces/web/services?${selectors}&limit=2`,
      `/namespaces/web/services?${selectors}&limit=2&continue=T`,
    ]);
  });

  test('with an annotation that is not UTF-8 is read all the same, and told of', async () => {
    const marked = (names: string): FleetAnswer => {
      const answer = page(names);
      const body = String(answer.body).replace('"name":"b"', '"name":"b","annotations":{"note":"\xff"}');
      return { ...answer, body: Buffer.from(body, 'latin1') };
    };
    const told: string[] = [];
    await using server = await startApiServer(inTurn(marked('a b')));
    await using lister = await openTestLister(server, { warn: (message) => told.push(message) });
    expect(await namesOf(lister, services)).toEqual(['^a b']);
    expect(told).toEqual([
      'the list of services has strings that are not UTF-8, as in default/b: its bad bytes became U+FFFD',
    ]);
  });

  test('from the cache is asked for at any version, on its first page', async () => {
    await using server = await startApiServer(inTurn(page('a', { token: 'T' }), page('b')));
    await using lister = await openTestLister(server, { fromCache: true });
    expect(await namesOf(lister, services)).toEqual(['^a', 'b']);
    expect(server.asked()).toEqual([
      '/services?limit=2&resourceVersion=0&resourceVersionMatch=NotOlderThan',
      '/services?limit=2&continue=T',
    ]);
  });

  test('may be empty: that is an answer', async () => {
    await using server = await startApiServer(inTurn(page('')));
    await using lister = await openTestLister(server);
    expect(await namesOf(lister, services)).toEqual(['^']);
  });

  test('is asked for one page ahead of the reader, and no more than one', async () => {
    const held = Promise.withResolvers<void>();
    await using server = await startApiServer((_request, call) => {
      if (call === 2) held.resolve();
      return page(`s${call}`, { token: `T${call}` });
    });
    await using lister = await openTestLister(server);
    const parts = lister.parts(services, new AbortController().signal);
    await parts.next();
    await held.promise;
    expect(server.requests.length).toBe(2);
    await parts.return(undefined);
    expect(server.requests.length).toBe(2);
  });

  test('is asked for in protobuf or JSON, uncompressed unless told otherwise', async () => {
    await using server = await startApiServer(inTurn(page('a')));
    await using plain = await openTestLister(server);
    await using gzipped = await openTestLister(server, { compression: true });
    await namesOf(plain, services);
    await namesOf(gzipped, services);
    expect(server.requests.map(({ headers }) => [headers.accept, headers['accept-encoding']])).toEqual([
      ['application/vnd.kubernetes.protobuf,application/json', 'identity'],
      ['application/vnd.kubernetes.protobuf,application/json', 'gzip'],
    ]);
  });

  test.each([406, 415])('turns to JSON for good when the server answers %d', async (code) => {
    await using server = await startApiServer(({ headers }, call) =>
      headers.accept === 'application/json'
        ? page(`s${call}`, call < 4 ? { token: `T${call}` } : {})
        : status(code),
    );
    await using lister = await openTestLister(server);
    expect(await namesOf(lister, services)).toEqual(['^s2', 's3', 's4']);
    expect(server.requests.map(({ headers }) => headers.accept)).toEqual([
      'application/vnd.kubernetes.protobuf,application/json',
      'application/json',
      'application/json',
      'application/json',
    ]);
  });
});

describe('the version of a list', () => {
  test('is kept, and the next list must not be older', async () => {
    await using server = await startApiServer(
      inTurn(page('a', { token: 'T', version: '7' }), page('b', { version: '7' })),
    );
    await using first = await openTestLister(server);
    await namesOf(first, services);
    expect(JSON.parse(first.cursor())).toEqual({
      server: `${server.url}/`,
      lists: { 'api/v1/services': '7' },
    });

    await using again = await openTestLister(server, { cursor: first.cursor() });
    await namesOf(again, services);
    expect(server.asked().slice(2)).toEqual([
      '/services?limit=2&resourceVersion=7&resourceVersionMatch=NotOlderThan',
    ]);
  });

  test.each([
    [
      'is of another server',
      JSON.stringify({ server: 'https://elsewhere/', lists: { 'api/v1/services': '7' } }),
    ],
    ['is of another list', JSON.stringify({ server: 'SERVER/', lists: { 'api/v1/pods': '7' } })],
    ['is not one of ours', '{"lists": 1}'],
    ['is not JSON', '7'],
  ])('is not asked for when the cursor %s', async (_what, cursor) => {
    await using server = await startApiServer(inTurn(page('a')));
    await using lister = await openTestLister(server, { cursor: cursor.replace('SERVER', server.url) });
    await namesOf(lister, services);
    expect(server.asked()).toEqual(['/services?limit=2']);
  });

  test.each([
    [504, 'Timeout: Too large resource version: 9, current: 5'],
    [410, 'too old resource version'],
    [400, 'resourceVersionMatch is forbidden'],
  ])('is given up at once when the server answers %d to it', async (code, message) => {
    await using server = await startApiServer(
      inTurn(status(code, message), page('a', { token: 'T' }), page('b')),
    );
    const cursor = JSON.stringify({ server: `${server.url}/`, lists: { 'api/v1/services': '9' } });
    await using lister = await openTestLister(server, { cursor });
    expect(await namesOf(lister, services)).toEqual(['^a', 'b']);
    expect(server.asked()).toEqual([
      '/services?limit=2&resourceVersion=9&resourceVersionMatch=NotOlderThan',
      '/services?limit=2',
      '/services?limit=2&continue=T',
    ]);
  });
});

const expired = status(410, 'The provided continue parameter is too old', {
  reason: 'Expired',
  metadata: { continue: 'INCONSISTENT' },
});

describe('a list whose state the server lost half way', () => {
  test('begins anew, and never goes on with the token for an inconsistent rest', async () => {
    await using server = await startApiServer(
      inTurn(
        page('a b', { token: 'T1' }),
        expired,
        page('a c', { token: 'U1', version: '200' }),
        page('d', { version: '200' }),
      ),
    );
    await using lister = await openTestLister(server);
    expect(await namesOf(lister, services)).toEqual(['^a b', '^a c', 'd']);
    expect(server.asked()).toEqual([
      '/services?limit=2',
      '/services?limit=2&continue=T1',
      '/services?limit=2',
      '/services?limit=2&continue=U1',
    ]);
    expect(JSON.parse(lister.cursor()).lists).toEqual({ 'api/v1/services': '200' });
  });

  test('begins anew too when a page is of another state', async () => {
    await using server = await startApiServer(
      inTurn(page('a', { token: 'T' }), page('b', { version: '101' }), page('c', { version: '102' })),
    );
    await using lister = await openTestLister(server);
    expect(await namesOf(lister, services)).toEqual(['^a', '^c']);
  });

  test('decodes an object when it is asked for, and then the next page is on its way', async () => {
    await using server = await startApiServer(
      inTurn(page('a b', { token: 'T' }), page('c', { token: 'U' }), page('d')),
    );
    await using lister = await openTestLister(server);
    const told: string[] = [];
    for await (const { items } of lister.parts(services, new AbortController().signal))
      for (const { name } of items) {
        told.push(name);
        const asked = name === 'a' || name === 'b' ? 2 : 3;
        expect(await polled(async () => server.requests.length, asked)).toBe(asked);
      }
    expect(told).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is given up after three new beginnings', async () => {
    await using server = await startApiServer((_request, call) =>
      call % 2 === 1 ? page('a', { token: 'T' }) : expired,
    );
    await using lister = await openTestLister(server);
    expect(await failure(namesOf(lister, services))).toEqual({
      kind: 'expired',
      status: 410,
      message: `GET ${server.url}/api/v1/services: HTTP 410: the list of services expired before its last page, 4 times: set a larger page_size`,
    });
    expect(server.requests.length).toBe(8);
    expect(JSON.parse(lister.cursor()).lists).toEqual({});
  });
});

describe('a list that cannot be whole', () => {
  test.each<[string, readonly FleetAnswer[], string]>([
    [
      'a token that comes twice',
      [page('a', { token: 'T' }), page('b', { token: 'U' }), page('c', { token: 'T' })],
      'the list of services repeats a continue token, so it would never end',
    ],
    [
      'objects that remain without a token',
      [page('a', { token: 'T' }), page('b', { remaining: 4 })],
      'the list of services breaks off: 4 objects remain, but there is no continue token',
    ],
    ['no version', [page('a', { version: '' })], 'the list of services has no resourceVersion'],
    [
      'a list of something else',
      [page('a', { kind: 'PodList' })],
      "the ServiceList from the API server is a 'PodList' of 'v1'",
    ],
    [
      'an error in a good answer',
      [{ ...status(500, 'etcd is away'), status: 200 }],
      'the ServiceList from the API server is an error: etcd is away',
    ],
    [
      'a page of HTML',
      [{ headers: { 'content-type': 'text/html' }, body: '<html>' }],
      "the ServiceList from the API server is neither protobuf nor JSON but 'text/html'",
    ],
  ])('is refused: %s', async (_what, answers, words) => {
    await using server = await startApiServer(inTurn(...answers));
    await using lister = await openTestLister(server);
    const { kind, message } = await failure(namesOf(lister, services));
    expect([kind, message.replace(` (page ${answers.length} of the list of services)`, '')]).toEqual([
      'malformed',
      `GET ${server.url}/api/v1/services: ${words}`,
    ]);
  });
});

test('tells how far it is, over all lists, with a total once every list has one', async () => {
  await using server = await startApiServer(({ path, query }) => {
    if (path.endsWith('/web/services')) return page('x');
    return query.has('continue') ? page('c') : page('a b', { token: 'T', remaining: 1 });
  });
  const shown: Progress[] = [];
  await using lister = await openTestLister(server, { onProgress: (progress) => shown.push(progress) });
  await namesOf(lister, services);
  await namesOf(lister, { kind: service, namespace: 'web' });
  expect(shown).toEqual([
    { read: 2, total: 3 },
    { read: 3, total: 3 },
    { read: 4, total: 4 },
  ]);
});

test('tells no total while the server does not', async () => {
  await using server = await startApiServer(inTurn(page('a', { token: 'T' }), page('b')));
  const shown: Progress[] = [];
  await using lister = await openTestLister(server, { onProgress: (progress) => shown.push(progress) });
  await namesOf(lister, services);
  expect(shown).toEqual([{ read: 1 }, { read: 2, total: 2 }]);
});
