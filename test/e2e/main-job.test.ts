import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeConsulWorld } from '../../lib/sim/consul-world.ts';
import { type TargetGroup, targetLabels } from '../../lib/targets/group.ts';
import { type RealConsul, startConsul } from '../support/consul.ts';
import { startExporter } from '../support/exporter.ts';
import type { TestHttpServer } from '../support/http-server.ts';
import type { MusterResult } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import type { Prometheus } from '../support/prometheus.ts';
import { type Prometheus2, startPrometheus2 } from '../support/prometheus2.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { asText, differences, differencesTo, followed, startFollower } from './follower.ts';
import { servicesHere } from './world.ts';

const world = makeConsulWorld({ seed: 'main', services: 50, instances: 400 });
/** With the exporter, and the `consul` service of the agent itself. */
const targetCount = 402;

/** Each test goes on from where the one before it ended. */
describeWithPrograms(
  'the main job, from a real Consul to a real Prometheus',
  ['consul', 'prometheus', 'prometheus2'],
  () => {
    let agent: RealConsul;
    let proxy: CuttingProxy;
    let exporter: TestHttpServer;
    let prometheus: Prometheus;
    let prometheus2: Prometheus2;
    let place: Workplace;

    beforeAll(async () => {
      [agent, exporter] = await Promise.all([startConsul(), startExporter()]);
      proxy = await startCuttingProxy(agent.url);
      await agent.register(world);
      await agent.register(servicesHere([{ service: 'exporter', port: exporter.port }]));
      place = await makeWorkplace({ ...consulConfig(proxy.url.href), store: 'store' });
      const stanza = { server: agent.host, refresh_interval: '1s' };
      prometheus2 = await startPrometheus2({ api: { consul_sd_configs: [stanza] } });
    });
    afterAll(async () => {
      await Promise.all([prometheus?.stop(), prometheus2?.stop(), agent?.stop()]);
      await exporter?.[Symbol.asyncDispose]();
      await proxy?.[Symbol.asyncDispose]();
      await place?.[Symbol.asyncDispose]();
    });

    const sync = () => place.run(['sync', '--from', 'store', '--to', 'targets', '--once']);
    const scans = () => prometheus.ownMetric('prometheus_sd_file_scan_duration_seconds_count');
    const list = async () => {
      const { stdout } = await place.run(['targets', '--job', 'api', '--output', 'json']);
      const groups: readonly TargetGroup[] = JSON.parse(stdout);
      return groups.flatMap((group) => group.targets.map((target) => targetLabels(group, target)));
    };

    test('the configuration is valid', async () => {
      const { code, stdout } = await place.run(['check', '--output', 'json']);
      expect({ code, jobs: JSON.parse(stdout) }).toEqual({
        code: 0,
        jobs: [expect.objectContaining({ job: 'api', provider: 'consul-0', mechanism: 'consul' })],
      });
    });

    test('muster targets is label for label what Prometheus discovers on the same Consul', async () => {
      const ours = (await list()).map((labels) => asText(labels)).sort();
      const theirs = async () => (await prometheus2.discovered('api')).map((labels) => asText(labels)).sort();
      expect(ours.length).toBe(targetCount);
      expect(await polled(async () => differences(ours, await theirs()), [])).toEqual([]);
    });

    test('run and sync bring Prometheus exactly these targets, with exactly these labels', async () => {
      expect(row(await place.run(['run']))).toEqual([
        0,
        `api consul-0 published 1 ${targetCount} +${targetCount} -0 ~0 targets`,
      ]);
      expect((await sync()).code).toBe(0);
      // As after an init container: Prometheus watches only folders that are there when it starts.
      prometheus = await startFollower(join(place.folder, 'targets'));
      const ours = (await list()).map((labels) => asText(labels)).sort();
      expect(await differencesTo(ours, prometheus)).toEqual([]);
    });

    test('and Prometheus scrapes the exporter among them', async () => {
      const health = async () =>
        (await prometheus.targets()).activeTargets
          .filter(({ labels }) => labels.was_meta_consul_service === 'exporter')
          .map((target) => target.health);
      expect(await polled(health, ['up'])).toEqual(['up']);
      const sample = async () =>
        (await prometheus.query('test_exporter_answers')).map(({ metric }) => metric.instance);
      expect(await polled(sample, [`127.0.0.1:${exporter.port}`])).toEqual([`127.0.0.1:${exporter.port}`]);
    });

    test('a service that comes and one that goes reach Prometheus with one scan of its files', async () => {
      const before = await scans();
      const [gone] = world.instances;
      await agent.register(servicesHere([{ service: 'fresh', port: 9999 }]));
      await agent.deregister(gone === undefined ? [] : [gone]);
      const [code, text = ''] = row(await place.run(['run']));
      expect([code, text.replace(/~\d+/, '~N')]).toEqual([
        0,
        `api consul-0 published 2 ${targetCount} +1 -1 ~N targets`,
      ]);
      await sync();
      const ours = (await list()).map((labels) => asText(labels)).sort();
      expect(ours.some((labels) => labels.includes('"__address__":"127.0.0.1:9999"'))).toBe(true);
      expect(await differencesTo(ours, prometheus)).toEqual([]);
      expect(await scans()).toBe(before + 1);
    });

    test('a quiet cycle costs Prometheus nothing', async () => {
      const before = await scans();
      expect(row(await place.run(['run']))).toEqual([0, `api consul-0 unchanged 2 ${targetCount}`]);
      await sync();
      expect(await scans()).toBe(before);
    });

    test('a mass deregistration is held until it is accepted', async () => {
      const before = await followed(prometheus);
      const file = await place.read('targets/api/consul-0.json');
      await agent.deregister(world.instances.slice(1, 301));
      const [code, text = ''] = row(await place.run(['run']));
      expect([code, text]).toEqual([
        0,
        `api consul-0 held 2 ${targetCount} held: the listing fell from ${targetCount} to ${targetCount - 300} targets: 300 targets stay published until they have been missing for 15m (0s so far); muster accept --job api --provider consul-0`,
      ]);
      await sync();
      expect(await place.read('targets/api/consul-0.json')).toBe(file);
      expect(await followed(prometheus)).toEqual(before);

      expect((await place.run(['accept', '--job', 'api'])).code).toBe(0);
      expect(row(await place.run(['run']))[1]).toMatch(/^api consul-0 published 3 102 /);
      await sync();
      const ours = (await list()).map((labels) => asText(labels)).sort();
      expect(ours.length).toBe(targetCount - 300);
      expect(await differencesTo(ours, prometheus)).toEqual([]);
    });

    test('Consul killed in the middle of a listing fails the run in one line, and every target stays', async () => {
      const before = await followed(prometheus);
      const scansBefore = await scans();
      const file = await place.read('targets/api/consul-0.json');
      let killed: Promise<void> | undefined;
      proxy.cutAfter(10, () => {
        killed = agent.stop();
      });
      const { code, stdout, stderr } = await place.run(['run']);
      await killed;
      expect([code, stdout.split('\n')[1]]).toEqual([1, 'api  consul-0  failed   3        102']);
      expect(stderr).toMatch(
        /^muster run: api\/consul-0: GET http:\/\/127\.0\.0\.1:\d+\/v1\/health\/service\/\S+: [^\n]+\n$/,
      );
      expect(killed).toBeDefined();
      expect((await sync()).code).toBe(0);
      expect(await place.read('targets/api/consul-0.json')).toBe(file);
      expect([await followed(prometheus), await scans()]).toEqual([before, scansBefore]);
      expect((await place.run(['status'])).stdout).toContain('failing (1 in a row): GET http');
    });

    test('through all of this Prometheus met no file that it could not read', async () => {
      expect(await prometheus.ownMetric('prometheus_sd_file_read_errors_total')).toBe(0);
      expect(
        (await place.run(['history', '--job', 'api', '--output', 'json'])).stdout.match(/"reason": "\w+"/g),
      ).toEqual(['"reason": "accepted"', '"reason": "discovered"', '"reason": "discovered"']);
    });
  },
);

/** Exit code and the only row of the table, its columns parted by single spaces. */
function row({ code, stdout }: MusterResult): [MusterResult['code'], string] {
  return [code, stdout.split('\n').slice(1, -1).join('\n').replace(/ +/g, ' ')];
}
