import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { runCycle } from '../../lib/cycle/cycle.ts';
import { createFileStore } from '../../lib/store/folder/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { encodeLabels } from '../../lib/targets/canonical.ts';
import { encodeJob } from '../../lib/targets/keys.ts';
import { hostile, livelyStore, services } from '../sidecar/serve/lively-store.ts';
import { createAuthority } from '../support/certificates.ts';
import type { RunningMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { keepApart, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { inputOf, providerOf } from '../support/provider.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** Each test goes on from where the one before it ended. */
describeWithPrograms(
  'a real Prometheus, by http_sd over TLS with a password as by file_sd',
  ['prometheus'],
  () => {
    const jobs = ['api', 'shop/eu', 'batch'];
    let place: Workplace;
    let store: ObjectStore;
    let sidecar: RunningMuster;
    let prometheus: Prometheus;

    beforeAll(async () => {
      place = await makeWorkplace();
      store = createFileStore(`${place.folder}/store`);
      await livelyStore(new Date(), store);
      const authority = createAuthority();
      const { cert, key } = authority.issue({ names: ['127.0.0.1'] });
      await place.write('server.crt', cert);
      await place.write('server.key', key);
      await place.write('ca.crt', authority.cert);
      await place.write('web.yml', {
        tls_server_config: { cert_file: 'server.crt', key_file: 'server.key' },
        basic_auth_users: { prometheus: hashSync('secret', 6) },
      });
      const [port] = await freePorts(1);
      sidecar = place.start([
        ...['sync', '--from', 'store', '--to', 'targets', '--interval', '200ms'],
        ...['--listen', `127.0.0.1:${port}`, '--web-config', 'web.yml'],
      ]);
      await sidecar.waitFor(/target file written/);
      const http = (path: string) => ({
        url: `https://127.0.0.1:${port}${path}`,
        refresh_interval: '1s',
        tls_config: { ca_file: `${place.folder}/ca.crt` },
        basic_auth: { username: 'prometheus', password: 'secret' },
      });
      const file = (...names: readonly string[]) => ({
        files: names.map((job) => `${place.folder}/targets/${encodeJob(job)}/*.json`),
      });
      prometheus = await startPrometheus({
        global: { scrape_interval: '1h' },
        scrape_configs: [
          ...jobs.flatMap((job) => [
            pool(`file ${job}`, { file_sd_configs: [file(job)] }),
            pool(`http ${job}`, { http_sd_configs: [http(`/sd/${encodeURIComponent(job)}`)] }),
          ]),
          pool('file all', { file_sd_configs: [file(...jobs, 'edge', 'legacy', hostile.job)] }),
          pool('http all', { http_sd_configs: [http('/sd')] }),
        ],
      });
    }, 600_000);
    afterAll(async () => {
      await prometheus?.stop();
      await sidecar?.[Symbol.asyncDispose]();
      await place?.[Symbol.asyncDispose]();
    });

    const pool = (job_name: string, more: object) => ({ job_name, relabel_configs: keepApart, ...more });
    /** Targets by scrape pool, as sorted text, without what says how they were found. */
    const pools = async () => {
      const { activeTargets } = await prometheus.targets();
      const found: Record<string, string[]> = {};
      for (const { scrapePool, discoveredLabels } of activeTargets) {
        const { __meta_filepath, __meta_url, job, ...labels } = discoveredLabels;
        found[scrapePool] = [...(found[scrapePool] ?? []), encodeLabels(labels)].sort();
      }
      return found;
    };
    const counts = async () =>
      Object.entries(await pools())
        .map(([name, { length }]) => `${name}: ${length}`)
        .sort();
    const expected = (api: number) =>
      Object.entries({ all: api + 56, api, batch: 30, 'shop/eu': 14 })
        .flatMap(([name, length]) => [`file ${name}: ${length}`, `http ${name}: ${length}`])
        .sort();

    test('has the same active targets with the same labels', async () => {
      expect(await polled(counts, expected(60))).toEqual(expected(60));
      const found = await pools();
      for (const name of [...jobs, 'all']) expect(found[`http ${name}`]).toEqual(found[`file ${name}`]);
    });

    test('follows a change on both ways', async () => {
      await runCycle(
        providerOf(() => services('api', 70, 40), { job: 'api' }),
        inputOf(store),
      );
      expect(await polled(counts, expected(70))).toEqual(expected(70));
      const found = await pools();
      expect(found['http api']).toEqual(found['file api']);
    });

    test('keeps its targets when the sidecar is gone, and when what answers in its place is no list', async () => {
      const port = Number(new URL((await urlOf(prometheus)) ?? '').port);
      await sidecar.stop();
      const failures = () => prometheus.ownMetric('prometheus_sd_http_failures_total');
      const before = await failures();
      expect(await polled(async () => (await failures()) > before, true)).toBe(true);
      const impostor = createServer((_, response) => response.writeHead(503).end('not yet')).listen(
        port,
        '127.0.0.1',
      );
      await once(impostor, 'listening');
      const since = await failures();
      expect(await polled(async () => (await failures()) > since, true)).toBe(true);
      impostor.close();
      expect(await counts()).toEqual(expected(70));
    });
  },
);

/** The URL that a target of http_sd says it was found by. */
async function urlOf(prometheus: Prometheus): Promise<string | undefined> {
  const { activeTargets } = await prometheus.targets();
  return activeTargets.find(({ discoveredLabels }) => discoveredLabels.__meta_url)?.discoveredLabels
    .__meta_url;
}
