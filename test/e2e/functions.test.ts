import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { revision } from '../../infra/revision.ts';
import { readStatus } from '../../lib/cycle/status.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { type FleetServer, startFleetServer } from '../../lib/sim/server.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { barrier } from '../support/faulty-store.ts';
import { type LambdaProcess, startLambda, unpack } from '../support/lambda.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { createServiceFolder } from '../support/package-service.ts';
import { describeWithPrograms } from '../support/programs.ts';

const id = { job: 'api', provider: 'consul-0' };
const token = 'canary-4f1d0c';

describeWithPrograms('the packaged function of Consul', ['moto'], () => {
  let moto: Moto;
  let fleet: ConsulFleet;
  let code: { readonly folder: string; remove(): Promise<void> };
  let bucket: string;
  let store: ObjectStore;
  const running: LambdaProcess[] = [];
  const closing: FleetServer[] = [];

  beforeAll(async () => {
    const service = await createServiceFolder(['consul']);
    await service.osls(['package', '--param', 'backends=consul']);
    code = await unpack(join(service.folder, '.serverless/consul.zip'));
    await service.remove();
    moto = await startMoto();
    fleet = await startConsulFleet({ seed: 'functions', services: 12, instances: 60, token });
  }, 600_000);
  afterAll(async () => {
    await Promise.all([moto.stop(), fleet.stop(), code.remove()]);
  });

  beforeEach(async () => {
    bucket = await moto.createBucket();
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    store = createS3Store({ bucket, ...options });
    fleet.faults.clear();
    await configure([job('api')]);
  });
  afterEach(async () => {
    await Promise.all([...running.splice(0), ...closing.splice(0)].map((one) => one.stop()));
    await store[Symbol.asyncDispose]();
  });

  const job = (name: string, server = fleet.url) => `
  - job_name: ${name}
    consul_sd_configs:
      - { server: '${server}', refresh_interval: 1m, authorization: { credentials: ${token} } }`;

  async function configure(jobs: readonly string[], defaults = '{}'): Promise<void> {
    const text = `store: s3://${bucket}\ndefaults: ${defaults}\nscrape_configs:${jobs.join('')}\n`;
    await store.put('config/muster.yml', Buffer.from(text), { condition: 'any' });
  }

  async function start(env: Readonly<Record<string, string>> = {}): Promise<LambdaProcess> {
    const lambda = await startLambda(code.folder, 'consul', {
      ...moto.env,
      MUSTER_CONFIG: `s3://${bucket}/config/muster.yml`,
      MUSTER_STORE: `s3://${bucket}`,
      MUSTER_SCHEDULE: 'rate(1 minute)',
      POWERTOOLS_SERVICE_NAME: 'muster-test',
      AWS_LAMBDA_FUNCTION_NAME: 'muster-test-consul',
      ...env,
    });
    running.push(lambda);
    return lambda;
  }

  const cycles = (outcome: string, version: number) => ({
    result: { cycles: [{ ...id, outcome, version }], started: [], retired: [] },
  });

  test('publishes with the first invocation, and is quiet with the second', async () => {
    const lambda = await start();
    expect(await lambda.invoke({})).toEqual(cycles('published', 1));
    const before = await store.list('');
    expect(await lambda.invoke({ source: 'aws.scheduler', detail: '{}' })).toEqual(cycles('unchanged', 1));
    const changed = (await store.list('')).filter(({ etag }) => !before.some((old) => old.etag === etag));
    expect(changed.map(({ key }) => key)).toEqual(['status/api/consul-0.json']);
    expect(before.map(({ key }) => key)).toEqual([
      'config/last-good/consul.yml',
      'config/muster.yml',
      'journal/api/consul-0/000000000001.json.gz',
      'muster-conditional-writes',
      'snapshots/api/consul-0.json.gz',
      'status/api/consul-0.json',
      'store.json',
      'targets/api/consul-0.json',
    ]);
  });

  test('tells CloudWatch in one line, and nobody the token', async () => {
    const lambda = await start({ MUSTER_LOG_LEVEL: 'debug' });
    await lambda.invoke({});
    fleet.faults.add({ kind: 'status', status: 403, body: `no, not with ${token}` });
    const { error } = await lambda.invoke({});
    expect(error).toMatchObject({ name: 'MusterError', message: expect.stringMatching(/403/) });
    const lines = lambda.log().map((line): Record<string, unknown> => JSON.parse(line));
    const metrics = lines.filter((line) => '_aws' in line);
    const told = lines.filter((line) => 'level' in line).map(({ muster }) => muster);
    expect([told.length > 0, new Set(told)]).toEqual([true, new Set([revision()])]);
    expect(metrics).toEqual([
      expect.objectContaining({
        ...{ service: 'muster-test', mechanism: 'consul', ConfigErrors: 0, CycleFailures: 0, CyclesHeld: 0 },
        ...{ SecondsOverdue: 0, Targets: 60 },
      }),
      expect.objectContaining({ service: 'muster-test', mechanism: 'consul', CycleFailures: 1 }),
    ]);
    const said = [...lambda.log(), JSON.stringify(error), await statusText()].join('\n');
    expect(said).toContain('"outcome":"published"');
    expect(said).not.toContain(token);
  });

  test('an overlapping invocation loses the race cleanly', async () => {
    let waitForBoth = async () => {};
    const front = await startFleetServer(async ({ path, query, headers }) => {
      if (path === '/v1/catalog/services') await waitForBoth();
      const { authorization = '' } = headers;
      const answer = await fetch(`${fleet.url}${path}?${query}`, { headers: { authorization } });
      return { headers: Object.fromEntries(answer.headers), body: await answer.text() };
    });
    closing.push(front);
    await configure([job('api', front.url)]);
    const [one, other] = await Promise.all([start(), start()]);
    await one.invoke({});
    await other.invoke({});
    fleet.mutate(5);
    // Both have read the store by the time when Consul answers.
    waitForBoth = barrier(2);
    const answers = await Promise.all([one.invoke({}), other.invoke({})]);
    const outcomes = answers.map((answer) => JSON.stringify(answer).match(/"outcome":"(\w+)"/)?.[1]);
    expect(outcomes.sort()).toEqual(['published', 'superseded']);
    expect(await one.invoke({})).toEqual(cycles('unchanged', 2));
  });

  test('with six seconds and a slow backend it ends in time, and the status says so', async () => {
    const lambda = await start();
    await lambda.invoke({});
    fleet.faults.add({ kind: 'hang' });
    const answer = await lambda.invoke({}, 6000, 20_000);
    const message = expect.stringMatching(/^no full listing within [\d.]+s; the last good list stays$/);
    expect(answer).toEqual({ error: { name: 'MusterError', message } });
    const { status } = await readStatus(store, id);
    expect(status).toMatchObject({ version: 1, failures: 1, error: { kind: 'timeout', message } });
  });

  test('a tick with several providers starts an invocation for each', async () => {
    await configure([job('api'), job('web')]);
    const lambdas = await startFleetServer(() => ({ status: 202, body: '' }));
    closing.push(lambdas);
    const lambda = await start({ AWS_ENDPOINT_URL_LAMBDA: lambdas.url });
    const providers = [id, { job: 'web', provider: 'consul-0' }];
    expect(await lambda.invoke({})).toEqual({ result: { cycles: [], started: providers, retired: [] } });
    const path =
      '/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:muster-test-consul/invocations';
    const asked = lambdas.requests.map(({ path, headers, body }) => ({
      path: decodeURIComponent(path),
      type: headers['x-amz-invocation-type'],
      event: JSON.parse(body),
    }));
    expect(asked.sort((a, b) => a.event.job.localeCompare(b.event.job))).toEqual(
      providers.map((event) => ({ path, type: 'Event', event })),
    );
    expect(await lambda.invoke(asked[0]?.event)).toEqual(cycles('published', 1));
  });

  test('follows the configuration, and falls back on the last good one even after a cold start', async () => {
    const lambda = await start();
    await lambda.invoke({});
    await configure([job('web')], '{ retire_after: 0 }');
    const web = { job: 'web', provider: 'consul-0' };
    const renamed = (outcome: string) => ({
      result: { cycles: [{ ...web, outcome, version: 1 }], started: [], retired: expect.any(Array) },
    });
    // The old name goes when the new one has published: that may be in the second invocation.
    expect(await lambda.invoke({})).toEqual(renamed('published'));
    expect(await lambda.invoke({})).toEqual(renamed('unchanged'));
    expect((await store.list('targets/')).map(({ key }) => key)).toEqual(['targets/web/consul-0.json']);
    expect((await store.list('retired/')).map(({ key }) => key)).toEqual(['retired/api/consul-0.json']);
    await store.put('config/muster.yml', Buffer.from('scrape_configs: ['), { condition: 'any' });
    const fallback = {
      result: {
        cycles: [{ ...web, outcome: 'unchanged', version: 1 }],
        ...{ started: [], retired: [], config_error: expect.stringContaining('config/muster.yml:1:') },
      },
    };
    expect(await lambda.invoke({})).toEqual(fallback);
    const cold = await start();
    expect(await cold.invoke({})).toEqual(fallback);
    const { status } = await readStatus(store, web);
    expect(status?.config_error).toContain('config/muster.yml:1:');
    expect(cold.log().join('\n')).toContain('the last good configuration stays in force');
    expect(cold.log().join('\n')).toContain('"ConfigErrors":1');
  });

  test('reads its credentials from SSM and Secrets Manager', async () => {
    await put(moto, 'AmazonSSM.PutParameter', { Name: '/muster/token', Value: token, Type: 'SecureString' });
    const secret = { Name: 'consul/prod', SecretString: JSON.stringify({ token }) };
    await put(moto, 'secretsmanager.CreateSecret', { ...secret, ClientRequestToken: 'x'.repeat(32) });
    const lambda = await start();
    const refs = { api: 'ssm:/muster/token', web: "'secretsmanager:consul/prod#token'" };
    await configure(
      Object.entries(refs).map(([name, ref]) =>
        job(name).replace(`credentials: ${token}`, `credentials_ref: ${ref}`),
      ),
    );
    for (const name of Object.keys(refs)) {
      const one = { job: name, provider: 'consul-0' };
      expect(await lambda.invoke(one)).toEqual({
        result: { cycles: [{ ...one, outcome: 'published', version: 1 }], started: [], retired: [] },
      });
    }
  });

  async function statusText(): Promise<string> {
    const found = await store.get('status/api/consul-0.json');
    return found === undefined ? '' : Buffer.from(found.body).toString();
  }
});

async function put({ endpoint }: Moto, target: string, body: object): Promise<void> {
  const service = target.startsWith('AmazonSSM') ? 'ssm' : 'secretsmanager';
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'x-amz-target': target,
      'content-type': 'application/x-amz-json-1.1',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${target}: ${response.status} ${await response.text()}`);
}
