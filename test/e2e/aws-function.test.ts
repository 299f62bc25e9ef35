import { join } from 'node:path';
import { DescribeImagesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createS3Store } from '../../lib/store/s3/store.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { type LambdaProcess, startLambda, unpack } from '../support/lambda.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { createServiceFolder } from '../support/package-service.ts';
import { describeWithPrograms } from '../support/programs.ts';

const regions = ['eu-west-1', 'us-east-1'];
const accounts = ['123456789012', '210987654321'];
const roleOf = (account: string) => `arn:aws:iam::${account}:role/muster-reader`;

/** An instance of the emulator. */
interface Made {
  readonly id: string;
  readonly ip: string;
  readonly region: string;
  readonly account: string;
}

describeWithPrograms('the packaged function of AWS', ['moto'], () => {
  let moto: Moto;
  let code: Awaited<ReturnType<typeof unpack>>;
  let store: ObjectStore;
  let lambda: LambdaProcess;
  const made: Made[] = [];

  beforeAll(async () => {
    const service = await createServiceFolder(['aws']);
    await service.osls(['package', '--param', 'backends=aws', '--param', 'awsServices=ec2']);
    code = await unpack(join(service.folder, '.serverless/aws.zip'));
    await service.remove();
    moto = await startMoto({ threaded: true });
    for (const account of accounts)
      for (const region of regions) made.push(await runInstance(moto.endpoint, account, region));
    const bucket = await moto.createBucket();
    const options = { endpoint: moto.endpoint, region: 'us-east-1', credentials: motoCredentials };
    store = createS3Store({ bucket, ...options });
    const stanza = { role: 'ec2', port: 9100, muster: { regions, roles: accounts.map(roleOf) } };
    const jobs = [{ job_name: 'node', aws_sd_configs: [stanza] }];
    const text = JSON.stringify({ store: `s3://${bucket}`, scrape_configs: jobs });
    await store.put('config/muster.yml', Buffer.from(text), { condition: 'any' });
    lambda = await startLambda(code.folder, 'aws', {
      ...moto.env,
      MUSTER_CONFIG: `s3://${bucket}/config/muster.yml`,
      MUSTER_STORE: `s3://${bucket}`,
      MUSTER_SCHEDULE: 'rate(1 minute)',
      AWS_LAMBDA_FUNCTION_NAME: 'muster-test-aws',
    });
  }, 600_000);
  afterAll(async () => {
    await Promise.all([lambda?.stop(), store?.[Symbol.asyncDispose](), moto?.stop(), code?.remove()]);
  });

  const answer = (outcome: string, version: number) => ({
    result: { cycles: [{ job: 'node', provider: 'aws-0', outcome, version }], started: [], retired: [] },
  });
  const published = async () => {
    const file = await store.get('targets/node/aws-0.json');
    const groups: readonly {
      readonly targets: readonly string[];
      readonly labels: Record<string, string>;
    }[] = JSON.parse(Buffer.from(file?.body ?? '').toString());
    return (
      groups
        // The first one says which version this is, and has no targets.
        .filter(({ targets }) => targets.length > 0)
        .map(({ targets, labels }) => [
          ...[targets[0], labels.__meta_ec2_instance_id],
          ...[labels.__meta_ec2_owner_id, labels.__meta_ec2_region],
        ])
        .sort()
    );
  };
  const rows = (instances: readonly Made[]) =>
    instances.map(({ id, ip, region, account }) => [`${ip}:9100`, id, account, region]).sort();

  test('publishes the instances of all regions of both accounts, and follows them', async () => {
    expect(await lambda.invoke({})).toEqual(answer('published', 1));
    expect(await published()).toEqual(rows(made));
    expect(await lambda.invoke({})).toEqual(answer('unchanged', 1));
    made.push(await runInstance(moto.endpoint, '210987654321', 'us-east-1'));
    expect(await lambda.invoke({})).toEqual(answer('published', 2));
    expect(await published()).toEqual(rows(made));
  });
});

async function runInstance(endpoint: string, account: string, region: string): Promise<Made> {
  const credentials = fromTemporaryCredentials({
    masterCredentials: motoCredentials,
    params: { RoleArn: roleOf(account), RoleSessionName: 'test' },
    clientConfig: { endpoint, region },
  });
  const client = new EC2Client({ endpoint, region, credentials });
  const { Images } = await client.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  const { Instances } = await client.send(
    new RunInstancesCommand({ ImageId: Images?.[0]?.ImageId, MinCount: 1, MaxCount: 1 }),
  );
  client.destroy();
  const { InstanceId: id = '', PrivateIpAddress: ip = '' } = Instances?.[0] ?? {};
  return { id, ip, region, account };
}
