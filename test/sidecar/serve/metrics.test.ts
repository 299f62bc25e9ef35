import { expect, test } from '@jest/globals';
import { syncMetrics } from '../../../lib/base/metrics.ts';
import { publishOutput } from '../../../lib/kube-state/publish.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import { testOutput } from '../../kube-state/publishing/world.ts';
import { countingStore } from '../../support/counting-store.ts';
import { cleanUpAfterEach } from '../world.ts';
import { startTestServer, type TestServer } from './test-server.ts';

cleanUpAfterEach();

const signal = new AbortController().signal;

async function outputStore(): Promise<ObjectStore> {
  const store = createMemoryStore();
  const publish = async (name: string, ...listings: readonly Parameters<typeof testOutput>[1][]) => {
    const one = testOutput(name);
    for (const next of listings) {
      one.next = next ?? {};
      await publishOutput(one.output, { store, signal, now: () => new Date() }).catch(() => undefined);
    }
  };
  await publish('good', { kube_pod_info: 30 });
  await publish('bad', { kube_pod_info: 30 }, new Error('no answer'), new Error('no answer'));
  await publish('held', { kube_pod_info: 30 }, {});
  await store.put('metrics/bare.prom.gz', new Uint8Array(), { condition: 'create' });
  return store;
}

const samples = async (server: TestServer) =>
  (await server.get('/metrics')).text
    .split('\n')
    .filter((line) => /^muster_sync_kube_state_(held|failures|status_unread)\{/.test(line))
    .sort();

const told = [
  'muster_sync_kube_state_failures{output="bad"} 2',
  'muster_sync_kube_state_failures{output="good"} 0',
  'muster_sync_kube_state_failures{output="held"} 0',
  'muster_sync_kube_state_held{output="bad"} 0',
  'muster_sync_kube_state_held{output="good"} 0',
  'muster_sync_kube_state_held{output="held"} 1',
  'muster_sync_kube_state_status_unread{output="bad"} 0',
  'muster_sync_kube_state_status_unread{output="bare"} 1',
  'muster_sync_kube_state_status_unread{output="good"} 0',
  'muster_sync_kube_state_status_unread{output="held"} 0',
];

test('counts what is held, fails or cannot be read of the kube-state outputs, read once for many scrapes', async () => {
  const { store, calls } = countingStore(await outputStore());
  const server = await startTestServer(store);
  expect(await samples(server)).toEqual(told);
  const lists = () => calls.filter(({ kind, key }) => kind === 'list' && key === 'metrics/').length;
  const before = lists();
  for (let scrape = 0; scrape < 3; scrape += 1) await samples(server);
  expect(lists()).toBe(before);
});

test('a store that hangs fails no scrape', async () => {
  const store = await outputStore();
  const server = await startTestServer(store, {
    read: { ...store, list: () => new Promise<never>(() => undefined) },
  });
  const { status, text } = await server.get('/metrics');
  expect([status, text.includes('# TYPE muster_sync_kube_state_held gauge')]).toEqual([200, true]);
});

test('tells when the configuration in force was taken over, where there is one', async () => {
  const server = await startTestServer(createMemoryStore(), {
    configProblem: () => '',
    configLoadedAt: () => 1_500,
  });
  const { text } = await server.get('/metrics');
  expect(text).toMatch(/^muster_config_last_reload_success_timestamp_seconds 1\.5$/m);
  expect(text).toMatch(/^muster_config_last_reload_successful 1$/m);
  expect((await (await startTestServer(createMemoryStore())).get('/metrics')).text).not.toContain(
    'muster_config_',
  );
});

test('the help of the last success says how old it may be', () => {
  expect(syncMetrics.providerLastSuccess.help).toContain('once in half of --stale-after');
});
