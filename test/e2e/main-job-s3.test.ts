import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeConsulWorld } from '../../lib/sim/consul-world.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { type TargetGroup, targetLabels } from '../../lib/targets/group.ts';
import { type RealConsul, startConsul } from '../support/consul.ts';
import { startExporter } from '../support/exporter.ts';
import type { TestHttpServer } from '../support/http-server.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import type { RunningMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import type { Prometheus } from '../support/prometheus.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';
import { asText, differencesTo, startFollower } from './follower.ts';
import { servicesHere } from './world.ts';

const world = makeConsulWorld({ seed: 's3', services: 12, instances: 60 });

/** Each test goes on from where the one before it ended. The configuration lies in the bucket, as on AWS. */
describeWithPrograms('the main job over S3', ['consul', 'prometheus', 'moto'], () => {
  let agent: RealConsul;
  let exporter: TestHttpServer;
  let moto: Moto;
  let bucket: string;
  let prometheus: Prometheus;
  let sidecar: RunningMuster;
  let sidecarUrl: string;
  let place: Workplace;

  beforeAll(async () => {
    [agent, exporter, moto, place] = await Promise.all([
      startConsul(),
      startExporter(),
      startMoto(),
      makeWorkplace(),
    ]);
    bucket = await moto.createBucket();
    await agent.register(world);
    await agent.register(servicesHere([{ service: 'exporter', port: exporter.port }]));
    await putConfig({ ...consulConfig(agent.url), store: `s3://${bucket}/muster/live` });
  });
  afterAll(async () => {
    await sidecar?.[Symbol.asyncDispose]();
    await Promise.all([prometheus?.stop(), moto?.stop(), agent?.stop()]);
    await exporter?.[Symbol.asyncDispose]();
    await place?.[Symbol.asyncDispose]();
  });

  const putConfig = async (config: object) => {
    const { endpoint } = moto;
    const store = createS3Store({ bucket, endpoint, region: 'us-east-1', credentials: motoCredentials });
    await store.put('config/muster.yml', Buffer.from(JSON.stringify(config)), { condition: 'any' });
    await store[Symbol.asyncDispose]();
  };
  const muster = (...args: string[]) =>
    place.run(args, { env: { ...moto.env, MUSTER_CONFIG: `s3://${bucket}/config/muster.yml` } });
  const list = async () => {
    const { stdout } = await muster('targets', '--job', 'api', '--output', 'json');
    const groups: readonly TargetGroup[] = JSON.parse(stdout);
    return groups.flatMap((group) => group.targets.map((target) => asText(targetLabels(group, target))));
  };

  test('a configuration is read from the bucket; one that is not there is wrong usage', async () => {
    const [good, missing] = await Promise.all([
      muster('check'),
      muster('check', '-c', `s3://${bucket}/config/none.yml`),
    ]);
    expect([good.code, good.stderr.split('\n')]).toEqual([
      0,
      [
        `s3://${bucket}/config/muster.yml is valid: 1 job, 1 provider, store s3://${bucket}/muster/live`,
        'Hint: on AWS it needs osls deploy --param="backends=consul"',
        expect.stringMatching(/^Hint: api\/consul-0 \(30s\): /),
        '',
      ],
    ]);
    expect(missing).toEqual({
      code: 2,
      stdout: '',
      stderr: `muster check: s3://${bucket}/config/none.yml: there is no such object\n`,
    });
  });

  test('run publishes into the bucket, and the sidecar brings it to Prometheus, which scrapes', async () => {
    expect((await muster('run')).stdout.split('\n')[1]?.replace(/ +/g, ' ')).toBe(
      'api consul-0 published 1 62 +62 -0 ~0 targets',
    );
    const [port] = await freePorts(1);
    sidecarUrl = `http://127.0.0.1:${port}`;
    sidecar = place.start(
      [
        ...['sync', '--from', `s3://${bucket}/muster/live`, '--to', 'targets'],
        ...['--interval', '200ms', '--listen', `127.0.0.1:${port}`],
      ],
      { env: moto.env },
    );
    await sidecar.waitFor(/target file written/);
    prometheus = await startFollower(join(place.folder, 'targets'));
    expect(await differencesTo(await list(), prometheus)).toEqual([]);
    const sample = async () => (await prometheus.query('test_exporter_answers')).length;
    expect(await polled(sample, 1)).toBe(1);
  });

  test('a change reaches Prometheus with one scan of its files', async () => {
    const before = await prometheus.ownMetric('prometheus_sd_file_scan_duration_seconds_count');
    await agent.register(servicesHere([{ service: 'fresh', port: 9999 }]));
    await agent.deregister(world.instances.slice(0, 1));
    await muster('run');
    expect(await differencesTo(await list(), prometheus)).toEqual([]);
    expect(await prometheus.ownMetric('prometheus_sd_file_scan_duration_seconds_count')).toBe(before + 1);
  });

  test('without Consul the run fails, and without the bucket the sidecar keeps what it has', async () => {
    const before = await place.read('targets/api/consul-0.json');
    await agent.stop();
    const { code, stderr } = await muster('run');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^muster run: api\/consul-0: GET http:\/\/[^\n]+ECONNREFUSED[^\n]+\n$/);

    await moto.stop();
    await sidecar.waitFor(/level=error msg="?s3:\/\/[^\n]+ got no answer/);
    expect(await place.read('targets/api/consul-0.json')).toBe(before);
    expect(await (await fetch(`${sidecarUrl}/healthz`)).text()).toMatch(/^ok for now, but: s3:/);
    expect(await prometheus.ownMetric('prometheus_sd_file_read_errors_total')).toBe(0);
    expect((await sidecar.stop()).code).toBe(0);
  });
});
