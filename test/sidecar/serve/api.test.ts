import { beforeAll, describe, expect, test } from '@jest/globals';
import { countTargets, type Groups } from '../../../lib/targets/canonical.ts';
import { readHistory } from '../../support/provider.ts';
import { cleanUpAfterEach } from '../world.ts';
import { type LivelyStore, livelyStore } from './lively-store.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAfterEach();

let lively: LivelyStore;
beforeAll(async () => {
  lively = await livelyStore();
});

const open = () => startTestServer(lively.store, { now: () => lively.now.getTime() });

async function json(server: TestServer, path: string, status = 200) {
  const answer = await server.get(`/api/v1${path}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
  return JSON.parse(answer.text);
}

describe('the JSON behind the page', () => {
  test('has the providers as the overview shows them', async () => {
    const { mirror, errors, providers } = await json(await open(), '/providers');
    expect({ mirror, errors }).toEqual({ mirror: { ok: true, reason: 'ok' }, errors: [] });
    expect(
      providers.map((one: Record<string, unknown>) => [one.job, one.provider, one.state, one.targets]),
    ).toMatchObject([
      ['legacy', 'consul-0', 'failing', 6],
      ['batch', 'kubernetes-0', 'held', 30],
      ['edge', 'consul-0', 'stale', 4],
      [expect.stringContaining('<script>'), 'consul-0', 'ok', 2],
      ['api', 'consul-0', 'ok', 60],
      ['shop/eu', 'kubernetes-0', 'ok', 14],
    ]);
    expect(providers[1].status.held).toEqual({
      ...{ kind: 'drop', listed: 3, targets: 27 },
      message:
        'the listing fell from 30 to 3 targets: 27 targets stay published until they have been missing for 15m (0s so far)',
      since: '2026-03-01T11:59:04.800Z',
      until: '2026-03-01T12:14:04.800Z',
    });
  });

  test('has targets, found and in pages', async () => {
    const server = await open();
    const { rows, ...page } = await json(server, '/targets?q=10.3.0.60&job=api');
    expect(page).toEqual({ offset: 0, limit: 100, total: 1, problems: [], unknown: [] });
    expect(rows).toMatchObject([
      {
        source: '',
        job: 'api',
        provider: 'consul-0',
        address: '10.3.0.60:9100',
        labels: { __meta_consul_dc: 'eu-2' },
      },
    ]);
    expect((await json(server, '/targets?job=api&offset=55&limit=3')).rows).toHaveLength(3);
    expect((await json(server, '/targets?limit=99999')).limit).toBe(1000);
  });

  test('has changes, and one in full', async () => {
    const server = await open();
    const { items, problems } = await json(server, '/changes?job=api&limit=2');
    expect({ items, problems }).toMatchObject({
      items: [
        { job: 'api', version: 41, reason: 'discovered', counts: { added: 0, removed: 2, changed: 0 } },
        { job: 'api', version: 40 },
      ],
      problems: [],
    });
    const change = await json(server, '/changes/api/consul-0/41');
    expect(change.rows.map((row: Record<string, unknown>) => [row.kind, row.address])).toEqual([
      ['removed', '10.3.0.61:9100'],
      ['removed', '10.3.0.62:9100'],
    ]);
    expect(await json(server, '/changes/shop%2Feu/kubernetes-0/2')).toMatchObject({
      job: 'shop/eu',
      version: 2,
    });
    expect(await json(server, '/changes/api/consul-0/99', 404)).toEqual({
      error: 'the journal has no such version',
    });
  });

  test('has the counts over time, as the journal replayed gives them', async () => {
    const { lists } = await readHistory(lively.store);
    const counts = lists.slice(1).map((list: Groups) => countTargets(list));
    const { points } = await json(await open(), '/history?job=api');
    expect(points.map(([, targets]: [number, number]) => targets)).toEqual(counts);
    const times = points.map(([at]: [number]) => at);
    expect(times).toEqual(times.toSorted((a: number, b: number) => a - b));
    expect((await json(await open(), '/history', 400)).error).toBe('name a job: ?job=');
  });
});
