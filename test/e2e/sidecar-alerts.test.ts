import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { startFakeS3 } from '../store/fake-s3.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace } from '../support/workplace.ts';

const rules = join(import.meta.dirname, '../../infra/monitoring/rules/muster-sync.yml');

/** The rules with minutes made into seconds, so that a test need not wait for them. */
async function hastyRules(): Promise<string> {
  const text = await readFile(rules, 'utf8');
  return text.replace(/for: \d+m/g, 'for: 1s').replace('timestamp_seconds > 300', 'timestamp_seconds > 5');
}

async function firing(prometheus: Prometheus): Promise<readonly string[]> {
  const alerts = await prometheus.query('ALERTS{alertstate="firing"}');
  return [...new Set(alerts.map(({ metric }) => metric.alertname ?? ''))].sort();
}

describeWithPrograms('alerts in a real Prometheus', ['prometheus'], () => {
  test('none fires while all is well; when the source stops, then the sidecar, each is told', async () => {
    const fake = await startFakeS3();
    const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
    const store = createS3Store({
      bucket: 'targets',
      endpoint: fake.endpoint,
      region: 'eu-west-1',
      credentials,
    });
    await store.put('targets/api/dns-0.json', Buffer.from('[{"targets":["127.0.0.1:1"]}]'), {
      condition: 'any',
    });
    const beat = {
      ...{ schema: 1, job: 'api', provider: 'dns-0', run: 'r', duration_seconds: 1, version: 1 },
      ...{ published_version: 1, groups: 1, targets: 1, files: [], failures: 0 },
    };
    /** The provider does well at this moment. */
    const succeed = async () => {
      const now = new Date().toISOString();
      const status = JSON.stringify({ ...beat, last_attempt: now, last_success: now });
      await store.put('status/api/dns-0.json', Buffer.from(status), { condition: 'any' });
    };
    await succeed();

    await using place = await makeWorkplace({});
    const [port] = await freePorts(1);
    await using sidecar = place.start(
      [
        ...['sync', '--from', `s3://targets?endpoint=${fake.endpoint}&region=eu-west-1`, '--to', 'to'],
        ...['--interval', '200ms', '--stale-after', '15s', '--listen', `127.0.0.1:${port}`],
      ],
      { env: { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' } },
    );
    await sidecar.waitFor(/target file written/);
    const file = join(place.folder, 'rules.yml');
    await writeFile(file, await hastyRules());
    const prometheus = await startPrometheus({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [file],
      scrape_configs: [{ job_name: 'muster-sync', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
    });
    try {
      const known = 'job:muster_sync_targets:max{exported_job="api"} == 1';
      expect(await polled(async () => (await prometheus.query(known)).length, 1)).toBe(1);
      const whileWell = async () => {
        await succeed();
        return await firing(prometheus);
      };
      expect(await polled(whileWell, [])).toEqual([]);
      await store[Symbol.asyncDispose]();
      await fake.stop();
      const told = ['MusterProviderStale', 'MusterSyncFailing'];
      expect(await polled(() => firing(prometheus), told)).toEqual(told);
      expect(await place.files('to')).toEqual(['api/dns-0.json']);
      await sidecar.stop();
      expect(await polled(() => firing(prometheus), ['MusterSyncDown'])).toEqual(['MusterSyncDown']);
    } finally {
      await prometheus.stop();
    }
  });
});
