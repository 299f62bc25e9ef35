import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { retireOutputAfter } from '../../lib/kube-state/gate.ts';
import { readGzipTime } from '../../lib/kube-state/gzip-time.ts';
import { changeOutputStatus } from '../../lib/kube-state/status.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { type LambdaProcess, startLambda, unpack } from '../support/lambda.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { runMuster } from '../support/muster.ts';
import { createServiceFolder } from '../support/package-service.ts';
import { describeWithPrograms } from '../support/programs.ts';

const token = 'canary-7c41ab';

describeWithPrograms('the packaged function of kube state', ['moto'], () => {
  let moto: Moto;
  let fleet: KubernetesFleet;
  let code: { readonly folder: string; remove(): Promise<void> };
  let store: ObjectStore;
  let bucket: string;
  const running: LambdaProcess[] = [];
  const closing: FleetServer[] = [];

  beforeAll(async () => {
    const service = await createServiceFolder(['kube-state']);
    await service.osls(['package', '--param', 'backends=kube-state']);
    code = await unpack(join(service.folder, '.serverless/kubeState.zip'));
    await service.remove();
    moto = await startMoto();
    fleet = await startKubernetesFleet({ seed: 'function', pods: 200, otherLists: true, token });
  }, 600_000);
  afterAll(async () => {
    await Promise.all([moto?.stop(), fleet?.stop(), code?.remove()]);
  });

  beforeEach(async () => {
    bucket = await moto.createBucket();
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    store = createS3Store({ bucket, ...options });
    fleet.faults.clear();
    await configure([output('prod')]);
  });
  afterEach(async () => {
    await Promise.all([...running.splice(0), ...closing.splice(0)].map((one) => one.stop()));
    await store[Symbol.asyncDispose]();
  });

  const output = (name: string, more = '', interval = '1m') => `
  - name: ${name}
    kubernetes: { api_server: '${fleet.url}', refresh_interval: ${interval}, authorization: { credentials: ${token} } }${more}`;

  async function configure(entries: readonly string[], more = ''): Promise<void> {
    const list = entries.length === 0 ? '' : `kube_state_metrics:${entries.join('')}\n`;
    await store.put('config/muster.yml', Buffer.from(`store: s3://${bucket}\n${list}${more}`), {
      condition: 'any',
    });
  }

  async function start(env: Readonly<Record<string, string>> = {}): Promise<LambdaProcess> {
    const lambda = await startLambda(code.folder, 'kube-state', {
      ...moto.env,
      MUSTER_CONFIG: `s3://${bucket}/config/muster.yml`,
      MUSTER_STORE: `s3://${bucket}`,
      MUSTER_SCHEDULE: 'rate(1 minute)',
      POWERTOOLS_SERVICE_NAME: 'muster-test',
      AWS_LAMBDA_FUNCTION_NAME: 'muster-test-kube-state',
      ...env,
    });
    running.push(lambda);
    return lambda;
  }

  const stored = async (object: string) => {
    const found = await store.get(`metrics/${object}.prom.gz`);
    if (found === undefined) throw new Error(`there is no ${object}`);
    return { ...found, lines: linesOf(gunzipSync(found.body).toString()) };
  };
  const cycle = (name: string) => ({
    ...{ output: name, outcome: 'published', objects: expect.any(Number) },
    ...{ samples: expect.any(Number), bytes: expect.any(Number) },
  });
  const published = (...names: readonly string[]) => ({
    result: { cycles: names.map(cycle), started: [], retired: [] },
  });

  test('publishes what muster kube-state prints, and replaces it with the next invocation', async () => {
    const lambda = await start();
    const before = Date.now();
    expect(await lambda.invoke({})).toEqual(published('prod'));
    const first = await stored('prod');
    const config = join(code.folder, 'muster.yml');
    await writeFile(config, `kube_state_metrics:${output('prod')}\n`);
    const printed = await runMuster(['kube-state', '-c', config, '--name', 'prod']);
    expect(linesOf(printed.stdout)).toEqual(first.lines);
    expect(first.lines.filter((line) => line.startsWith('kube_pod_info{'))).toHaveLength(200);
    expect((await store.list('')).map(({ key }) => key)).toEqual([
      'config/last-good/kube-state.yml',
      'config/muster.yml',
      'metrics/prod.prom.gz',
      'metrics/prod.status.json',
      'muster-conditional-writes',
    ]);

    fleet.mutate(20);
    expect(await lambda.invoke({ source: 'aws.scheduler', detail: '{}' })).toEqual(published('prod'));
    const second = await stored('prod');
    expect(second.lines).not.toEqual(first.lines);
    const listed = [first.body, second.body].map((body) => readGzipTime(body)?.getTime() ?? 0);
    // The time is kept in whole seconds.
    expect(listed.map((time) => time >= before - 1000 && time <= Date.now())).toEqual([true, true]);
  });

  test('tells CloudWatch in one line, and nobody the token', async () => {
    const lambda = await start({ MUSTER_LOG_LEVEL: 'debug' });
    await lambda.invoke({});
    fleet.faults.add({ kind: 'status', status: 403, body: `no, not with ${token}` });
    const { error } = await lambda.invoke({});
    expect(error).toEqual({ name: 'MusterError', message: expect.stringMatching(/^prod: [^\n]*403[^\n]*$/) });
    const lines = lambda.log().map((line): Record<string, unknown> => JSON.parse(line));
    const common = { service: 'muster-test', mechanism: 'kube-state', ConfigErrors: 0, SecondsOverdue: 0 };
    expect(lines.filter((line) => '_aws' in line)).toEqual([
      expect.objectContaining({ ...common, CycleFailures: 0, Samples: expect.any(Number) }),
      expect.objectContaining({ ...common, CycleFailures: 1 }),
    ]);
    const said = [...lambda.log(), JSON.stringify(error)].join('\n');
    expect(said).toContain('"message":"kube-state cycle"');
    expect(said).not.toContain(token);
    expect((await stored('prod')).lines.length).toBeGreaterThan(1000);
  });

  test('with six seconds and a slow cluster it ends in time, and what was published stays', async () => {
    const lambda = await start();
    await lambda.invoke({});
    const { etag } = await stored('prod');
    fleet.faults.add({ kind: 'hang' });
    expect(await lambda.invoke({}, 6000, 20_000)).toEqual({
      error: {
        name: 'MusterError',
        message: expect.stringMatching(/^prod: the cluster was not listed within [\d.]+s$/),
      },
    });
    expect((await stored('prod')).etag).toBe(etag);
  });

  test('a tick with several outputs starts an invocation for each, a shard being one', async () => {
    await configure([output('prod', '\n    total_shards: 2'), output('dev', '\n    resources: [nodes]')]);
    const lambdas = await startFleetServer(() => ({ status: 202, body: '' }));
    closing.push(lambdas);
    const lambda = await start({ AWS_ENDPOINT_URL_LAMBDA: lambdas.url });
    const all = ['prod.0', 'prod.1', 'dev'].map((name) => ({ output: name }));
    expect(await lambda.invoke({})).toEqual({ result: { cycles: [], started: all, retired: [] } });
    const path =
      '/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:muster-test-kube-state/invocations';
    const asked = lambdas.requests.map(({ path, headers, body }) => ({
      path: decodeURIComponent(path),
      type: headers['x-amz-invocation-type'],
      event: JSON.parse(body),
    }));
    const inOrder = asked.sort((a, b) => b.event.output.length - a.event.output.length || compare(a, b));
    expect(inOrder).toEqual(all.map((event) => ({ path, type: 'Event', event })));
    expect(await lambda.invoke(inOrder[1]?.event)).toEqual(published('prod.1'));
    expect((await store.list('metrics/')).map(({ key }) => key)).toEqual([
      'metrics/prod.1.prom.gz',
      'metrics/prod.1.status.json',
    ]);
  });

  /** As if an output had been out of the configuration for a quarter of an hour. */
  async function wait(name: string): Promise<void> {
    await changeOutputStatus(
      store,
      name,
      (status) => status?.leaving && { ...status, leaving: { ...status.leaving, waited: retireOutputAfter } },
    );
  }

  test('removes in the end what left the configuration, but not by a broken one, also after a cold start', async () => {
    const lambda = await start();
    await lambda.invoke({});
    await configure([output('dev', '\n    resources: [nodes]')]);
    expect(await lambda.invoke({})).toEqual(published('dev'));
    await wait('prod');
    expect(await lambda.invoke({})).toEqual({
      result: { cycles: [cycle('dev')], started: [], retired: [{ output: 'prod' }] },
    });
    await store.put('config/muster.yml', Buffer.from('kube_state_metrics: ['), { condition: 'any' });
    const fallback = {
      result: {
        ...published('dev').result,
        config_error: expect.stringContaining('config/muster.yml:1:'),
      },
    };
    expect(await lambda.invoke({})).toEqual(fallback);
    const cold = await start();
    expect(await cold.invoke({})).toEqual(fallback);
    expect(cold.log().join('\n')).toContain('the last good configuration stays in force');
    await configure([], 'scrape_configs: [{ job_name: k, dns_sd_configs: [{ names: [a] }] }]\n');
    expect(await cold.invoke({})).toEqual({ result: { cycles: [], started: [], retired: [] } });
    await wait('dev');
    expect(await cold.invoke({})).toEqual({
      result: { cycles: [], started: [], retired: [{ output: 'dev' }] },
    });
    expect(await store.list('metrics/')).toEqual([]);
  });

  test('sits out ticks until the text in the bucket is as old as the interval', async () => {
    await configure([output('prod', '\n    resources: [nodes]', '4m')]);
    const lambda = await start();
    expect(await lambda.invoke({})).toEqual(published('prod'));
    const waited = { result: { cycles: [], started: [], retired: [] } };
    expect([await lambda.invoke({}), await (await start()).invoke({})]).toEqual([waited, waited]);
  });
});

/** The text without the families in which an output speaks of itself, whose times differ. */
function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => !/muster_kube_state_|kube_state_metrics_/.test(line) && line !== '');
}

function compare(a: { readonly event: { output: string } }, b: { readonly event: { output: string } }) {
  return a.event.output < b.event.output ? -1 : 1;
}
