import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { gzipHead } from '../../lib/kube-state/gzip-time.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { makeWorkplace } from '../support/workplace.ts';

const file = join(import.meta.dirname, '../../infra/monitoring/dashboards/sidecars.json');
const { panels } = z
  .object({
    panels: z.array(
      z.object({
        title: z.string(),
        targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).min(1),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

describeWithPrograms('the dashboard of the sidecars, in a real Prometheus', ['prometheus'], () => {
  let prometheus: Prometheus;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    const place = ends.use(await makeWorkplace({}));
    const store = createFileStore(join(place.folder, 'store'));
    const put = (key: string, body: string | Uint8Array) =>
      store.put(key, Buffer.from(body), { condition: 'any' });
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await put('targets/api/dns-0.json', '[{"targets":["127.0.0.1:1"]}]');
    await put('targets/api/dns-1.json', 'no JSON');
    await put('targets/api/dns-2.json', '[{"targets":["127.0.0.1:3"]}]');
    await put('targets/old/dns-0.json', '[{"targets":["127.0.0.1:2"]}]');
    // A provider whose last success is older than --stale-after, and of which all is said that a status can say.
    const status = {
      ...{ schema: 1, job: 'api', provider: 'dns-0', run: 'r', duration_seconds: 1, requests: 3, version: 1 },
      ...{ published_version: 1, groups: 1, targets: 1, files: [], failures: 1 },
      ...{ last_attempt: hourAgo, last_success: hourAgo, last_change: hourAgo },
      error: { kind: 'status', message: 'HTTP 503' },
      held: { kind: 'drop', since: hourAgo, targets: 1, listed: 0, message: 'the listing fell' },
      confirmed: { at: new Date().toISOString(), targets: 2 },
      damaged: { at: new Date().toISOString(), message: 'the snapshot is gone' },
    };
    await put('status/api/dns-0.json', JSON.stringify(status));
    const decided = {
      ...{ ...status, provider: 'dns-2', held: undefined },
      pinned: { since: hourAgo, by: 'ann@ops' },
      rejected: { since: hourAgo, by: 'ann@ops', targets: 1 },
    };
    await put('status/api/dns-2.json', JSON.stringify(decided));
    await put('metrics/prod.prom.gz', Buffer.concat([gzipHead(new Date()), gzipSync('a 1\n')]));

    const [port] = await freePorts(1);
    const sidecar = ends.use(
      place.start([
        ...['sync', '--from', 'eu=store', '--to', 'to', '--interval', '200ms', '--stale-after', '10s'],
        ...['--listen', `127.0.0.1:${port}`],
      ]),
    );
    await sidecar.waitFor(/target file written.* path=\S*old\/dns-0\.json/);
    // Without a tombstone its file stays.
    await store.delete('targets/old/dns-0.json');
    const static_configs = [{ targets: [`127.0.0.1:${port}`] }];
    prometheus = await startPrometheus({
      global: { scrape_interval: '1s' },
      scrape_configs: [
        { job_name: 'muster-sync', static_configs },
        { job_name: 'kube-state-metrics', metrics_path: '/kube-state/prod', static_configs },
      ],
    });
    ends.defer(() => prometheus.stop());
  });
  afterAll(() => ends.disposeAsync());

  test.each(panels.flatMap(({ title, targets }) => targets.map((target) => [title, target] as const)))(
    '%s: is there, with all that its legend names',
    async (_title, { expr, legendFormat }) => {
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const faults = async () => {
        const series = await prometheus.query(expr.replaceAll('$instance', '.+'));
        const isSound = ({ metric, value }: (typeof series)[number]) =>
          named.every((label) => label in metric) && Number.isFinite(Number(value[1]));
        return series.length === 0 ? ['no series'] : series.filter((one) => !isSound(one));
      };
      expect(await polled(faults, [])).toEqual([]);
    },
  );
});
