import { expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { syncMetrics } from '../../lib/base/metrics.ts';
import type { Round } from '../../lib/sidecar/mirror/round.ts';
import { createSyncMetrics } from '../../lib/sidecar/serve/metrics.ts';
import { fill, listText, retiredOf } from '../support/bucket.ts';
import { cleanUpAfterEach, publish, round, syncedWorld, targets } from './world.ts';

cleanUpAfterEach();

/** The sidecar's own samples as the exposition writes them, without histogram and process. */
async function samples(metrics: ReturnType<typeof createSyncMetrics>): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text
    .split('\n')
    .filter(
      (line) => line.startsWith('muster_') && !line.includes('duration') && !line.includes('build_info'),
    );
}

const nothing: Round = { changes: [], rejections: [], errors: [], orphans: [], bytes: 0 };
const empty = { owned: new Map(), oddities: new Map() };

test('counts what rounds did, by plain job names, and forgets the targets of a provider that went', async () => {
  const metrics = createSyncMetrics({ version: '1.2.3', now: () => 1_700_000_000_000 });
  const own = metrics.of('');
  const { memory, folder, first } = await syncedWorld({
    'web%2Fedge/consul-0.json': listText(1, ['a:1', 'b:1']),
    'api/consul-0.json': listText(1, ['c:1']),
    'lost/consul-0.json': listText(1, ['d:1', 'd:2', 'd:3']),
  });
  own.record(first, 0.2, folder);
  await fill(memory, retiredOf('api/consul-0', 2));
  await publish(memory, { 'lost/consul-0.json': undefined });
  own.record(await round(memory, folder), 0.1, folder);
  await publish(memory, { 'bad/consul-0.json': '{}' });
  own.record(await round(memory, folder), 0.1, folder);
  expect(await samples(metrics)).toEqual([
    'muster_sync_rounds_total{result="success"} 3',
    'muster_sync_rounds_total{result="error"} 0',
    'muster_sync_last_success_timestamp_seconds 1700000000',
    'muster_sync_files 2',
    'muster_sync_file_changes_total{job="api",provider="consul-0"} 2',
    'muster_sync_file_changes_total{job="lost",provider="consul-0"} 1',
    'muster_sync_file_changes_total{job="web/edge",provider="consul-0"} 1',
    'muster_sync_rejected_objects{reason="key"} 0',
    'muster_sync_rejected_objects{reason="clash"} 0',
    'muster_sync_rejected_objects{reason="incomplete"} 0',
    'muster_sync_rejected_objects{reason="too-large"} 0',
    'muster_sync_rejected_objects{reason="invalid"} 1',
    'muster_sync_rejected_objects{reason="digest"} 0',
    'muster_sync_rejected_objects{reason="newer"} 0',
    'muster_sync_rejected_objects{reason="older"} 0',
    'muster_sync_rejected_objects{reason="unconfirmed"} 0',
    'muster_sync_rejected_objects{reason="blocked"} 0',
    'muster_sync_bytes_total 482',
    'muster_sync_targets{job="lost",provider="consul-0"} 3',
    'muster_sync_targets{job="web/edge",provider="consul-0"} 2',
    'muster_sync_rejected_object_info{reason="invalid",key="targets/bad/consul-0.json"} 1',
    'muster_sync_orphaned_targets{job="lost",provider="consul-0"} 3',
    'muster_sync_incomplete{job="bad",provider="consul-0"} 1',
    'muster_sync_notifications_total{result="mirrored"} 0',
    'muster_sync_notifications_total{result="failed"} 0',
    'muster_sync_notifications_total{result="ignored"} 0',
    'muster_sync_notifications_total{result="unknown"} 0',
    'muster_sync_notifications_total{result="error"} 0',
  ]);
});

test('a failed round counts as such and leaves the time of the last success', async () => {
  let now = 1000;
  const metrics = createSyncMetrics({ version: '1.2.3', now: () => now });
  const own = metrics.of('');
  own.record(nothing, 0.1, empty);
  now = 9000;
  own.record({ ...nothing, errors: [new MusterError('denied', 'no')] }, 0.1, empty);
  expect((await samples(metrics)).slice(0, 3)).toEqual([
    'muster_sync_rounds_total{result="success"} 1',
    'muster_sync_rounds_total{result="error"} 1',
    'muster_sync_last_success_timestamp_seconds 1',
  ]);
});

test('shows every metric of the table from the start, the build, and the process', async () => {
  const metrics = createSyncMetrics({ version: '1.2.3' });
  metrics.of('');
  const text = await metrics.registry.metrics();
  const shown = Object.values(syncMetrics).filter(({ name, help }) =>
    text.includes(`# HELP ${name} ${help}\n`),
  );
  expect(shown).toEqual(Object.values(syncMetrics));
  expect(text).toContain(`muster_build_info{version="1.2.3",node_version="${process.version}"} 1\n`);
  expect(text).toContain('muster_sync_duration_seconds_bucket{le="+Inf"} 0\n');
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test('stores with names have a label, and go on apart: what one forgets stays with the other', async () => {
  const metrics = createSyncMetrics({ version: '1.2.3', now: () => 60_000 });
  const [eu, us] = [metrics.of('eu'), metrics.of('us')];
  const { first, folder } = await syncedWorld({ 'api/consul-0.json': targets('a:1') });
  const api = { job: 'api', provider: 'consul-0', lastSuccess: 30_000 };
  for (const own of [eu, us]) {
    own.record(first, 0.1, folder);
    own.recordAges([
      {
        ...api,
        stale: own === us,
        reason: own === us ? 'old' : undefined,
        heartbeat: {
          ...{ etag: '"1"', lastAttempt: 50_000, lastChange: 10_000, held: 7, failures: 2 },
          ...{
            errorKind: 'denied',
            damaged: true,
            confirmed: { at: 30_000, targets: 9 },
            pinned: true,
            rejected: 3,
            requests: 31,
          },
        },
      },
    ]);
  }
  eu.record(nothing, 0.1, empty);
  eu.recordAges([]);
  const shown = (await samples(metrics)).filter((line) => /_(files|targets|stale|provider_\w+)\{/.test(line));
  expect(shown).toEqual([
    'muster_sync_files{source="eu"} 0',
    'muster_sync_files{source="us"} 1',
    'muster_sync_targets{source="us",job="api",provider="consul-0"} 1',
    'muster_sync_provider_last_success_timestamp_seconds{source="us",job="api",provider="consul-0"} 30',
    'muster_sync_provider_stale{source="us",job="api",provider="consul-0",reason="old"} 1',
    'muster_sync_provider_held{source="us",job="api",provider="consul-0"} 7',
    'muster_sync_provider_failures{source="us",job="api",provider="consul-0"} 2',
    'muster_sync_provider_error_info{source="us",job="api",provider="consul-0",kind="denied"} 1',
    'muster_sync_provider_last_attempt_timestamp_seconds{source="us",job="api",provider="consul-0"} 50',
    'muster_sync_provider_published_timestamp_seconds{source="us",job="api",provider="consul-0"} 10',
    'muster_sync_provider_damaged{source="us",job="api",provider="consul-0"} 1',
    'muster_sync_provider_requests{source="us",job="api",provider="consul-0"} 31',
    'muster_sync_provider_confirmed{source="us",job="api",provider="consul-0"} 9',
    'muster_sync_provider_pinned{source="us",job="api",provider="consul-0"} 1',
    'muster_sync_provider_rejected{source="us",job="api",provider="consul-0"} 3',
  ]);
});
