import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildFunctions } from '../../infra/build-functions.ts';
import { jsonAnswer } from '../../lib/sim/faults.ts';
import { createS3Store } from '../../lib/store/s3/store.ts';
import {
  type EksDouble,
  functionKey,
  region,
  roleKey,
  startEks,
} from '../backends/kubernetes/connection/eks-double.ts';
import { copyCommand } from '../support/command.ts';
import { startLambda } from '../support/lambda.ts';
import { motoCredentials, startMoto } from '../support/moto.ts';
import { runMuster } from '../support/muster.ts';
import { createServiceFolder } from '../support/package-service.ts';
import { describeWithPrograms } from '../support/programs.ts';

/** A cluster of one service. */
const cluster = jsonAnswer({
  kind: 'ServiceList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '1' },
  items: [{ metadata: { name: 'web', namespace: 'default' }, spec: { ports: [{ port: 80 }] } }],
});

/** A job for the cluster, asked as the process itself and as another role. */
const jobs = ['', ', role_arn: "arn:aws:iam::123456789012:role/muster"'].map((role, index) => ({
  name: ['itself', 'role'][index] ?? '',
  stanza: `{ role: service, muster: { eks: { cluster: blue, region: ${region}${role} } } }`,
}));

const config = `scrape_configs:${jobs.map(({ name, stanza }) => `\n  - { job_name: ${name}, kubernetes_sd_configs: [${stanza}] }`).join('')}\n`;

let eks: EksDouble;
beforeAll(async () => {
  eks = await startEks('blue', cluster);
});
afterAll(async () => {
  await eks?.[Symbol.asyncDispose]();
});

const credentials = () => ({
  AWS_ENDPOINT_URL_STS: eks.aws.url,
  AWS_ENDPOINT_URL_EKS: eks.aws.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_ACCESS_KEY_ID: functionKey,
  AWS_SECRET_ACCESS_KEY: 'function/secret+key',
  AWS_SESSION_TOKEN: 'function//session==',
});

describe('an EKS cluster is found, and asked with the AWS credentials of', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-eks-'));
    await copyCommand(folder);
    await writeFile(join(folder, 'muster.yml'), config);
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['itself', functionKey],
    ['role', roleKey],
  ])('the built command: %s', async (job, key) => {
    const before = eks.callers.length;
    const args = ['targets', '-c', join(folder, 'muster.yml'), '--job', job, '--output', 'json'];
    const { code, stdout, stderr } = await runMuster(args, {
      command: [process.execPath, join(folder, 'muster.mjs')],
      env: credentials(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject([{ source: 'svc/default/web' }]);
    // The list, and the uid of kube-system, by which another cluster would be noticed.
    expect(eks.callers.slice(before)).toEqual([key, key]);
  });
});

describeWithPrograms('and of', ['moto'], () => {
  test('the bundled function', async () => {
    const service = await createServiceFolder(['kubernetes']);
    await buildFunctions(join(service.folder, 'dist/functions'), ['kubernetes']);
    const moto = await startMoto();
    const bucket = await moto.createBucket();
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    const store = createS3Store({ bucket, ...options });
    await store.put('config/muster.yml', Buffer.from(`store: s3://${bucket}\n${config}`), {
      condition: 'create',
    });
    const lambda = await startLambda(service.folder, 'kubernetes', {
      ...moto.env,
      ...credentials(),
      MUSTER_CONFIG: `s3://${bucket}/config/muster.yml`,
      MUSTER_STORE: `s3://${bucket}`,
      MUSTER_SCHEDULE: 'rate(1 minute)',
    });
    try {
      for (const [job, key] of [
        ['itself', functionKey],
        ['role', roleKey],
      ]) {
        const before = eks.callers.length;
        const id = { job, provider: 'kubernetes-0' };
        expect(await lambda.invoke(id)).toEqual({
          result: { cycles: [{ ...id, outcome: 'published', version: 1 }], started: [], retired: [] },
        });
        expect(eks.callers.slice(before)).toEqual([key, key]);
      }
    } finally {
      await lambda.stop();
      await store[Symbol.asyncDispose]();
      await Promise.all([moto.stop(), service.remove()]);
    }
  }, 600_000);
});
