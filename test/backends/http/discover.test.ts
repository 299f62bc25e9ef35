import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { http, httpConfig } from '../../../lib/backends/http/index.ts';
import { encodeGroup } from '../../../lib/targets/canonical.ts';
import { targetLabels } from '../../../lib/targets/group.ts';
import { type HttpFleet, startHttpFleet } from '../../sim/http.ts';
import { listTargets } from '../../support/discover.ts';
import { failure, plainConfig } from '../../support/http-client.ts';

let fleet: HttpFleet;
beforeEach(async () => {
  fleet = await startHttpFleet({ seed: 'discover', groups: 30, token: 'root' });
});
afterEach(() => fleet.stop());

const list = (more: object = {}) => listTargets(http, { url: fleet.list, bearer_token: 'root', ...more });
/** The answer to the next requests: a value as JSON, or a text as it is. */
const answer = (body: unknown, contentType = 'application/json', status = 200) => {
  fleet.faults.clear();
  fleet.faults.add({
    kind: 'status',
    status,
    headers: { 'content-type': contentType },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
};

describe('groups', () => {
  test('are those of the answer, with its URL as a label; equal labels make one group', async () => {
    answer([
      { targets: ['a:1', '[2001:db8::1]:2'], labels: { env: 'prod', empty: '' } },
      { targets: ['b:1'] },
      { targets: ['c'], labels: { env: 'prod', __meta_url: 'mine' } },
      { targets: ['d:1', 'a:1'], labels: { env: 'prod' } },
      { targets: [], labels: { env: 'none' } },
    ]);
    const { groups, listed, progress } = await list();
    const url = { __meta_url: fleet.list };
    expect({ groups, listed, progress }).toEqual({
      groups: [
        {
          source: '{"env":"prod"}',
          labels: { env: 'prod', ...url },
          targets: ['a:1', '[2001:db8::1]:2', 'd:1', 'a:1'].map((__address__) => ({ __address__ })),
        },
        { source: '{}', labels: url, targets: [{ __address__: 'b:1' }] },
        {
          source: '{"__meta_url":"mine","env":"prod"}',
          labels: { env: 'prod', ...url },
          targets: [{ __address__: 'c' }],
        },
      ],
      listed: undefined,
      progress: [{ read: 5, total: 5 }],
    });
  });

  test('keep their source when another one comes first', async () => {
    const before = await list();
    const more = { targets: ['new:1'], labels: { group: 'new' } };
    fleet.replace({ groups: [more, ...fleet.world().groups] });
    const { groups } = await list();
    expect(groups.slice(1)).toEqual(before.groups);
    expect(before.groups.length).toBeGreaterThan(10);
  });

  test('as Go reads them: keys of any case, nulls for nothing', async () => {
    answer([
      { Targets: ['a:1'], LABELS: { Env: 'prod', gone: null } },
      { targets: null, labels: null },
    ]);
    expect((await list()).groups).toEqual([
      {
        source: '{"Env":"prod"}',
        labels: { Env: 'prod', __meta_url: fleet.list },
        targets: [{ __address__: 'a:1' }],
      },
    ]);
  });

  test('a target without an address has none, not even its group’s', async () => {
    answer([{ targets: [null, 'b:1'], labels: { __address__: 'a:1' } }]);
    const { groups } = await list();
    expect(groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)))).toEqual([
      { __meta_url: fleet.list },
      { __address__: 'b:1', __meta_url: fleet.list },
    ]);
  });

  test.each([[[]], ['null'], [' [] ']])('%j is an empty list', async (body) => {
    answer(body);
    expect((await list()).groups).toEqual([]);
  });

  test('the same seed makes the same groups and the same churn', async () => {
    const again = await startHttpFleet({ seed: 'discover', groups: 30, token: 'root' });
    expect(fleet.mutate(50)).toEqual(again.mutate(50));
    const texts = (await list()).groups.map((group) => encodeGroup({ ...group, labels: {} }).digest);
    const { groups } = await list({ url: again.list });
    await again.stop();
    expect(groups.map((group) => encodeGroup({ ...group, labels: {} }).digest)).toEqual(texts);
  });
});

describe('an answer that Prometheus does not take fails the listing', () => {
  const json = 'application/json';
  test.each([
    [
      'another status',
      [],
      json,
      203,
      'status',
      'HTTP 203: only an answer with status 200 is a list of targets',
    ],
    ['text', '[]', 'text/plain', 200, 'malformed', 'the content type is "text/plain": it must be'],
    ['another charset', '[]', `${json}; charset=latin1`, 200, 'malformed', 'the content type is "appl'],
    ['a kind of JSON', '[]', 'application/geo+json', 200, 'malformed', 'the content type is "applica'],
    ['no type', '[]', '', 200, 'malformed', 'the content type is "": it must be application/json'],
    ['an empty body', '', json, 200, 'malformed', 'expected JSON, got an empty body'],
    ['an object', {}, json, 200, 'malformed', 'unexpected JSON: expected array, received object'],
    ['a null group', [{ targets: ['a'] }, null], json, 200, 'malformed', '[1]: expected object, received'],
    ['a number', [{ targets: [80] }], json, 200, 'malformed', '[0].targets[0]: expected string'],
    ['one target', [{ targets: 'a:80' }], json, 200, 'malformed', '[0].targets: expected array'],
    ['a list of labels', [{ labels: ['a'] }], json, 200, 'malformed', '[0].labels: expected map'],
    ['a label’s number', [{ labels: { a: 1 } }], json, 200, 'malformed', '[0].labels.a: expected string'],
    ['a nameless label', [{ labels: { '': 'a' } }], json, 200, 'malformed', 'a label has no name'],
    [
      'an unknown key',
      [{ targets: [], source: 7 }],
      json,
      200,
      'malformed',
      '[0]: Unrecognized key: "source"',
    ],
    ['two lists', '[] []', json, 200, 'malformed', 'expected JSON, got text that is not JSON'],
  ])('%s', async (_name, body, contentType, status, kind, says) => {
    answer(body, contentType, status);
    const error = await failure(list());
    expect([error.kind, error.message.startsWith(`GET ${fleet.list}: `)]).toEqual([kind, true]);
    expect(error.message).toContain(says);
  });

  test.each(['application/json', 'Application/JSON; charset=UTF-8', ' application/json;charset="utf-8" '])(
    'content type %j is taken',
    async (contentType) => {
      answer([{ targets: ['a:1'] }], contentType);
      expect((await list()).groups.length).toBe(1);
    },
  );
});

test('the endpoint is told what it is asked for and how often', async () => {
  await list({ url: `${fleet.list}?a=b#c`, refresh_interval: '1m500ms' });
  const [request] = fleet.requests;
  expect([request?.path, request?.query.toString(), request?.headers.accept]).toEqual([
    '/v1/targets',
    'a=b',
    'application/json',
  ]);
  expect(request?.headers['x-prometheus-refresh-interval-seconds']).toBe('60.5');
});

describe('http_sd_configs', () => {
  test('the URL alone will do, and stays as it is written', () => {
    expect(
      ['http://a:80', 'HTTPS://B/x y?q=1#f', 'http://[::1]:80/'].map((url) => httpConfig.parse({ url })),
    ).toEqual(
      ['http://a:80', 'HTTPS://B/x y?q=1#f', 'http://[::1]:80/'].map((url) => ({
        refresh_interval: 60_000,
        url,
        http: plainConfig,
      })),
    );
    expect(http.server(httpConfig.parse({ url: 'HTTPS://B:443/x?q=1' }))).toBe('https://b');
  });

  test.each([
    [undefined, 'is required'],
    ...[
      '',
      'a:80',
      'ftp://a',
      'http://',
      'http:a',
      'http:///a',
      'http://u:p@a',
      ' http://a',
      'http://a\n',
      'http://a:x',
    ].map((url) => [url, 'must be an http:// or https:// URL without credentials'] as const),
  ])('%j is no URL', (url, message) => {
    const { error } = httpConfig.safeParse({ url });
    expect(error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)).toEqual([
      `url: ${message}`,
    ]);
  });
});
