import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import * as z from 'zod';
import { bucketStatements, lifecycleRequest, rulesThatLoseLists } from './bucket.ts';
import type { Settings } from './settings.ts';

type Client = Pick<S3Client, 'send'>;

/**
 * Protects a bucket that is there already as a new one would be: encryption, versions, policy, lifecycle. What others
 * set stays: statements of their policy, rules of their lifecycle. Throws, before anything is changed, where the
 * functions could not read what it holds, or a rule of others would take lists away.
 */
export async function protectExistingBucket(
  client: Client,
  settings: Settings,
  region: string,
): Promise<void> {
  const { existingBucket: Bucket, kms } = settings;
  const at = { Bucket };
  const rules = await readRules(client, Bucket);
  await checkEncryption(client, settings);
  const losing = rulesThatLoseLists(rules);
  if (losing.length > 0)
    throw new Error(
      `existingBucket ${Bucket}: its lifecycle rule ${losing.join(', ')} takes away lists that did not change for long: narrow it to other folders, or use another bucket`,
    );
  const statements = await readStatements(client, Bucket);
  const key =
    kms === 'none'
      ? { SSEAlgorithm: 'AES256' as const }
      : { SSEAlgorithm: 'aws:kms' as const, KMSMasterKeyID: kms };
  const encryption = { ApplyServerSideEncryptionByDefault: key, BucketKeyEnabled: kms !== 'none' };
  const closed = {
    ...{
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  };
  await tell('encryption', Bucket, () =>
    client.send(
      new PutBucketEncryptionCommand({ ...at, ServerSideEncryptionConfiguration: { Rules: [encryption] } }),
    ),
  );
  await tell('versions', Bucket, () =>
    client.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status: 'Enabled' } })),
  );
  await tell('public access', Bucket, () =>
    client.send(new PutPublicAccessBlockCommand({ ...at, PublicAccessBlockConfiguration: closed })),
  );
  await tell('ownership', Bucket, () =>
    client.send(
      new PutBucketOwnershipControlsCommand({
        ...at,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
    ),
  );
  await tell('lifecycle', Bucket, () =>
    client.send(
      new PutBucketLifecycleConfigurationCommand({
        ...at,
        LifecycleConfiguration: { Rules: lifecycleRequest(settings, rules) },
      }),
    ),
  );
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: ourStatements(settings, region, statements),
  });
  await tell('policy', Bucket, () => client.send(new PutBucketPolicyCommand({ ...at, Policy })));
}

const statementSchema = z.looseObject({ Sid: z.string().optional() });
type FoundStatement = z.output<typeof statementSchema>;

/** Ours, and those of others before them. What an earlier deployment of ours has left goes. */
function ourStatements(
  settings: Settings,
  region: string,
  found: readonly FoundStatement[],
): readonly object[] {
  const arn = `arn:${partitionOf(region)}:s3:::${settings.existingBucket}`;
  const bucket = { arn, objects: (keys: string) => `${arn}/${keys}` };
  const sids = new Set(bucketStatements({ ...settings, readers: ['*'] }, bucket).map(({ Sid }) => Sid));
  return [
    ...found.filter(({ Sid }) => Sid === undefined || !sids.has(Sid)),
    ...bucketStatements(settings, bucket),
  ];
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

async function checkEncryption(client: Client, { existingBucket: Bucket, kms }: Settings): Promise<void> {
  const found = await ask('encryption', Bucket, 'ServerSideEncryptionConfigurationNotFoundError', () =>
    client.send(new GetBucketEncryptionCommand({ Bucket })),
  );
  const key = found?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
  if (key?.SSEAlgorithm !== 'aws:kms' || key.KMSMasterKeyID === undefined || key.KMSMasterKeyID === kms)
    return;
  throw new Error(
    `existingBucket ${Bucket} is encrypted with ${key.KMSMasterKeyID}: functions that may not use that key cannot read it; deploy with --param="kms=${key.KMSMasterKeyID}"`,
  );
}

async function readRules(client: Client, Bucket: string): Promise<readonly LifecycleRule[]> {
  const found = await ask('lifecycle', Bucket, 'NoSuchLifecycleConfiguration', () =>
    client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })),
  );
  return found?.Rules ?? [];
}

async function readStatements(client: Client, Bucket: string): Promise<readonly FoundStatement[]> {
  const found = await ask('policy', Bucket, 'NoSuchBucketPolicy', () =>
    client.send(new GetBucketPolicyCommand({ Bucket })),
  );
  if (found?.Policy === undefined) return [];
  const one = z.union([statementSchema.array(), statementSchema.transform((single) => [single])]);
  return z.object({ Statement: one }).parse(JSON.parse(found.Policy)).Statement;
}

/** What S3 answers, or undefined if it says by this name that there is none. */
async function ask<T>(
  what: string,
  bucket: string,
  none: string,
  get: () => Promise<T>,
): Promise<T | undefined> {
  return tell(what, bucket, () =>
    get().catch((error: unknown) => {
      if (error instanceof Error && error.name === none) return undefined;
      throw error;
    }),
  );
}

async function tell<T>(what: string, bucket: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const said = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new Error(`existingBucket ${bucket}: ${what}: ${said}`, { cause });
  }
}
