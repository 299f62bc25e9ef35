import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Settings } from './settings.ts';
import { getAtt, policy, type Resources, ref, type Statement, sub, type Value } from './template.ts';

/** Where the store is: its name and ARN as template values, and the KMS key if it has one of ours. */
export interface Bucket {
  readonly name: Value;
  readonly arn: Value;
  readonly keyArn: Value | undefined;
  /** ARN of the objects with such keys, as in `objects('targets/*')`. */
  objects(keys: string): Value;
}

/** The bucket of the stack, or the existing one that the settings name. */
export function describeBucket({ existingBucket, kms }: Settings): Bucket {
  const name = existingBucket === '' ? ref('Bucket') : existingBucket;
  const keyArn = kms === 'own' ? getAtt('Key', 'Arn') : kms;
  return {
    name,
    arn: sub('arn:${AWS::Partition}:s3:::${bucket}', { bucket: name }),
    keyArn: keyArn === 'none' ? undefined : keyArn,
    objects: (keys) => sub(`arn:\${AWS::Partition}:s3:::\${bucket}/${keys}`, { bucket: name }),
  };
}

/**
 * The bucket with its policy and key. An existing bucket cannot be set up by CloudFormation: the
 * deployment does it itself, see existing-bucket.ts.
 */
export function bucketResources(settings: Settings, bucket: Bucket): Resources {
  return {
    ...(settings.kms === 'own' && keyResources()),
    ...(settings.existingBucket === '' && newBucket(settings, bucket)),
  };
}

function newBucket(settings: Settings, bucket: Bucket): Resources {
  // The journal is the only record of what was scraped when: removing the stack must not take it along, nor leave it
  // unprotected.
  const kept = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
  return {
    Bucket: {
      Type: 'AWS::S3::Bucket',
      ...kept,
      Properties: {
        BucketName: sub(`${settings.stack}-\${AWS::AccountId}-\${AWS::Region}`),
        BucketEncryption: { ServerSideEncryptionConfiguration: [encryption(bucket)] },
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        LifecycleConfiguration: { Rules: lifecycleResource(settings) },
      },
    },
    BucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      ...kept,
      Properties: { Bucket: bucket.name, PolicyDocument: policy(bucketStatements(settings, bucket)) },
    },
  };
}

function encryption({ keyArn }: Bucket): Value {
  if (keyArn === undefined) return { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } };
  return {
    ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
    BucketKeyEnabled: true,
  };
}

/** The bucket's policy, whether this stack or somebody else made the bucket. */
export function bucketStatements(
  { readers }: Settings,
  { arn: bucketArn, objects }: Pick<Bucket, 'arn' | 'objects'>,
): readonly Statement[] {
  const everything = { Effect: 'Deny', Principal: '*' } as const;
  return [
    {
      Sid: 'OnlyWithTls',
      ...everything,
      Action: ['s3:*'],
      Resource: [bucketArn, objects('*')],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
    {
      Sid: 'WrittenOnce',
      ...everything,
      Action: ['s3:PutObject'],
      Resource: ['journal/*', 'parts/*'].map(objects),
      Condition: { Null: { 's3:if-none-match': 'true' } },
    },
    {
      Sid: 'NoBlindOverwrites',
      ...everything,
      Action: ['s3:PutObject'],
      Resource: ['snapshots/*', 'targets/*', 'status/*', 'metrics/*', 'store.json'].map(objects),
      Condition: { Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' } },
    },
    ...(readers.length === 0 ? [] : readStatements(readers, bucketArn, objects)),
  ];
}

/** Sidecars of other accounts: the same as the managed policy gives those of this one. */
function readStatements(
  readers: readonly string[],
  bucketArn: Value,
  objects: Bucket['objects'],
): readonly Statement[] {
  return sidecarStatements(bucketArn, objects).map((statement) => ({
    ...statement,
    Principal: { AWS: [...readers] },
  }));
}

/** What a sidecar may do: read what is published and how its making went, nothing else. */
export function sidecarStatements(bucketArn: Value, objects: Bucket['objects']): readonly Statement[] {
  const published = [
    ...['targets/*', 'parts/*', 'metrics/*', 'status/*', 'journal/*', 'snapshots/*'],
    // What was retired, what is held back, and which store this is.
    ...['retired/*', 'held/*', 'store.json'],
  ];
  return [
    {
      Sid: 'ReadPublished',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: published.map(objects),
    },
    {
      Sid: 'ListPublished',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [bucketArn],
      // Beside the listings this makes S3 say 404, not 403, of an object that is not there.
      Condition: { StringLike: { 's3:prefix': published } },
    },
  ];
}

function keyResources(): Resources {
  return {
    Key: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Description: 'Encrypts what Muster keeps in its bucket',
        EnableKeyRotation: true,
        KeyPolicy: policy([
          {
            // The account's own policies decide who may use it; without this nobody could.
            Sid: 'TheAccountDecides',
            Effect: 'Allow',
            Principal: { AWS: sub('arn:${AWS::Partition}:iam::${AWS::AccountId}:root') },
            Action: ['kms:*'],
            Resource: ['*'],
          },
        ]),
      },
    },
  };
}

/** What happens to the objects of a folder without anybody's doing. Days. */
interface Rule {
  readonly prefix: string;
  /** After which an object goes. Muster clears up itself, by the same figures; this is the net below it. */
  readonly expires?: number;
  /** After which what was overwritten or deleted goes. */
  readonly old: number;
}

/** Never an object of targets, parts or snapshots: they may stay as they are for years, and are all there is. */
function rules({ journalDays }: Settings): readonly Rule[] {
  return [
    { prefix: 'journal/', expires: journalDays, old: 30 },
    { prefix: 'retired/', expires: 90, old: 30 },
    { prefix: 'held/', expires: 30, old: 1 },
    { prefix: 'removals/', expires: 1, old: 1 },
    { prefix: 'config/', old: 30 },
    // Written every minute, or by the megabyte with each change: the journal tells their past, a day is for accidents.
    ...whole.map((folder) => ({ prefix: `${folder}/`, old: 1 })),
    ...['status/', 'metrics/', 'muster-conditional-writes'].map((prefix) => ({
      prefix,
      old: 1,
    })),
  ];
}

/** Folders whose objects are the only whole copy of a list. */
const whole = ['targets', 'parts', 'snapshots'];

/** The rules in CloudFormation's words. */
function lifecycleResource(settings: Settings): readonly Value[] {
  return rules(settings).map(({ prefix, expires, old }) => ({
    Id: idOf(prefix),
    Status: 'Enabled',
    Prefix: prefix,
    // With an age S3 clears delete markers by itself.
    ...(expires === undefined ? { ExpiredObjectDeleteMarker: true } : { ExpirationInDays: expires }),
    NoncurrentVersionExpiration: { NoncurrentDays: old },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
  }));
}

/** The rules in S3's words, and those of others that the bucket has. */
export function lifecycleRequest(settings: Settings, found: readonly LifecycleRule[]): LifecycleRule[] {
  const ours = rules(settings).map(
    ({ prefix, expires, old }): LifecycleRule => ({
      ID: idOf(prefix),
      Status: 'Enabled',
      Filter: { Prefix: prefix },
      Expiration: expires === undefined ? { ExpiredObjectDeleteMarker: true } : { Days: expires },
      NoncurrentVersionExpiration: { NoncurrentDays: old },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    }),
  );
  const ids = new Set(ours.map(({ ID }) => ID));
  return [...found.filter(({ ID }) => !ids.has(ID)), ...ours];
}

/** Names of rules that would remove lists that have not changed for long. */
export function rulesThatLoseLists(found: readonly LifecycleRule[]): readonly string[] {
  return found
    .filter(
      ({ Status, Expiration }) =>
        Status === 'Enabled' && (Expiration?.Days ?? Expiration?.Date) !== undefined,
    )
    .filter((rule) => {
      // A rule that names tags as well is none for our objects, which have no tags.
      if (rule.Filter?.Tag !== undefined || rule.Filter?.And?.Tags !== undefined) return false;
      const prefix = rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? '';
      return whole.some((folder) => prefix.startsWith(`${folder}/`) || `${folder}/`.startsWith(prefix));
    })
    .map(({ ID }) => ID ?? 'without a name');
}

function idOf(prefix: string): string {
  return `muster-${prefix.replace(/\/$/, '').replace(/^muster-/, '')}`;
}
