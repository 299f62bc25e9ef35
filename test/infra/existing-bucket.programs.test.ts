import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { protectExistingBucket } from '../../infra/stack/existing-bucket.ts';
import { type Moto, motoCredentials, startMoto } from '../support/moto.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { makeSettings } from '../support/stack.ts';

const policySchema = z.object({
  Statement: z.looseObject({ Sid: z.string(), Resource: z.unknown() }).array(),
});
const key = 'arn:aws:kms:us-east-1:123456789012:key/k';
const reader = 'arn:aws:iam::210987654321:root';

describeWithPrograms('a bucket that is there already', ['moto'], () => {
  let moto: Moto;
  let client: S3Client;
  beforeAll(async () => {
    moto = await startMoto();
    const { endpoint } = moto;
    client = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: motoCredentials,
    });
  }, 60_000);
  afterAll(async () => {
    client.destroy();
    await moto.stop();
  });

  const protect = (existingBucket: string, more: Readonly<Record<string, string>> = {}) =>
    protectExistingBucket(client, makeSettings({ existingBucket, ...more }), 'us-east-1');
  const policyOf = async (Bucket: string) => {
    const { Policy = '' } = await client.send(new GetBucketPolicyCommand({ Bucket }));
    return policySchema.parse(JSON.parse(Policy)).Statement;
  };
  const sidsOf = async (bucket: string) => (await policyOf(bucket)).map(({ Sid }) => Sid);
  const rulesOf = async (Bucket: string) =>
    (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? [];
  const putRules = (Bucket: string, Rules: LifecycleRule[]) =>
    client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  const days = (rules: readonly LifecycleRule[], id: string) =>
    rules.find(({ ID }) => ID === id)?.Expiration?.Days;

  test('is protected as a new one, for readers and with the days that are set', async () => {
    const Bucket = await moto.createBucket();
    await protect(Bucket, { kms: key, readers: reader, journalDays: '60' });
    const policy = await policyOf(Bucket);
    expect(policy.map(({ Sid, Resource }) => [Sid, Resource]).slice(0, 2)).toEqual([
      ['OnlyWithTls', [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`]],
      ['WrittenOnce', [`arn:aws:s3:::${Bucket}/journal/*`, `arn:aws:s3:::${Bucket}/parts/*`]],
    ]);
    expect(policy.map(({ Sid }) => Sid).slice(2)).toEqual([
      'NoBlindOverwrites',
      'ReadPublished',
      'ListPublished',
    ]);
    const rules = await rulesOf(Bucket);
    expect([rules.length, days(rules, 'muster-journal')]).toEqual([11, 60]);
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }));
    const { ServerSideEncryptionConfiguration } = await client.send(
      new GetBucketEncryptionCommand({ Bucket }),
    );
    const { PublicAccessBlockConfiguration } = await client.send(new GetPublicAccessBlockCommand({ Bucket }));
    const encryption = ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
    expect([Status, encryption, Object.values(PublicAccessBlockConfiguration ?? {})]).toEqual([
      ...['Enabled', { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key }, [true, true, true, true]],
    ]);
  });

  test("keeps what is not Muster's, and no reader that has left", async () => {
    const Bucket = await moto.createBucket();
    const theirs = {
      Sid: 'Theirs',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/x/*`,
    };
    await client.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: theirs }),
      }),
    );
    await putRules(Bucket, [
      { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 3 } },
    ]);
    await protect(Bucket, { readers: reader, journalDays: '60' });
    await protect(Bucket);
    expect(await sidsOf(Bucket)).toEqual(['Theirs', 'OnlyWithTls', 'WrittenOnce', 'NoBlindOverwrites']);
    const rules = await rulesOf(Bucket);
    expect([rules.length, days(rules, 'theirs'), days(rules, 'muster-journal')]).toEqual([12, 3, 90]);
  });

  test('that is encrypted with a key which the functions would not have is refused, and left alone', async () => {
    const Bucket = await moto.createBucket();
    const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: key };
    await client.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: { Rules: [{ ApplyServerSideEncryptionByDefault }] },
      }),
    );
    await expect(protect(Bucket)).rejects.toThrow(
      `existingBucket ${Bucket} is encrypted with ${key}: functions that may not use that key cannot read it; deploy with --param="kms=${key}"`,
    );
    await expect(policyOf(Bucket)).rejects.toThrow('policy');
    await protect(Bucket, { kms: key });
    expect(await sidsOf(Bucket)).toHaveLength(3);
  });

  test.each<[string, LifecycleRule]>([
    ['of all objects', { ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
    [
      'of lists',
      { ID: 'old', Status: 'Enabled', Filter: { Prefix: 'snapshots/a' }, Expiration: { Days: 30 } },
    ],
  ])('with a rule that takes lists away is refused: one %s', async (_, rule) => {
    const Bucket = await moto.createBucket();
    await putRules(Bucket, [rule]);
    await expect(protect(Bucket)).rejects.toThrow(/its lifecycle rule old takes away lists/);
    await expect(policyOf(Bucket)).rejects.toThrow('policy');
  });

  test('that is none is told', async () => {
    await expect(protect('no-such-bucket')).rejects.toThrow(
      /^existingBucket no-such-bucket: lifecycle: NoSuchBucket/,
    );
  });
});
