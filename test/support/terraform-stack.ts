import * as z from 'zod';
import { type HclValue, listOf, objectOf } from './hcl.ts';
import { makeFunctions, makeStack, readServiceFile } from './stack.ts';
import { type Plan, type PlannedResource, place } from './terraform.ts';

type Variables = { readonly [name: string]: HclValue };

/** What the stack of `makeStack` is called. */
export const name = 'muster-test';

/** A resource in CloudFormation's words, by its logical id. */
export type Made = Readonly<z.output<typeof madeSchema>>;

/** What the stack makes, with references and names of the place put in. */
export async function fromStack(params: Readonly<Record<string, string>>): Promise<Made> {
  const template = await makeStack(params);
  const { provider, params: presets } = readServiceFile();
  const functions = Object.values(await makeFunctions(params)).map((one) => {
    const id = one.role.replace(/Role$/, '');
    const {
      name: functionName,
      description,
      memorySize,
      timeout,
      environment,
      reservedConcurrency,
      vpc,
    } = one;
    const made = {
      ...{ functionName, description, memorySize, timeout, environment },
      ...{ runtime: provider.runtime, architectures: [provider.architecture], role: `<${one.role}.Arn>` },
      ...{ handler: one.handler.replace(/.*\//, ''), reservedConcurrency, vpc },
      ...{ maximumRetryAttempts: one.maximumRetryAttempts, maximumEventAge: one.maximumEventAge },
      onFailure: one.destinations?.onFailure.arn,
      logRetention: presets.default.logRetentionDays,
    };
    return [`${id}LambdaFunction`, { Type: 'AWS::Lambda::Function', kept: false, Properties: made }] as const;
  });
  const resources = Object.entries(template.Resources).map(([id, { Type, DeletionPolicy, Properties }]) => [
    id,
    { Type, kept: DeletionPolicy !== undefined, Properties },
  ]);
  const made = madeSchema.parse(
    JSON.parse(JSON.stringify(resolve(Object.fromEntries([...resources, ...functions])))),
  );
  return Object.fromEntries(Object.entries(made).map(([id, one]) => [id, inOrder(one)]));
}

/** References, attributes and texts as values. What only AWS can tell is `<Id.Arn>`. */
function resolve(value: unknown, own: ReadonlyMap<string, unknown> = new Map()): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, own));
  if (typeof value !== 'object' || value === null) return value;
  const [[key, item] = ['', undefined], ...others] = Object.entries(value);
  if (others.length === 0 && key === 'Ref') return refOf(String(item));
  if (others.length === 0 && key === 'Fn::GetAtt') return `<${z.string().array().parse(item).join('.')}>`;
  if (others.length === 0 && key === 'Fn::Sub') {
    const [text, values = {}] = [item].flat();
    const known = new Map<string, unknown>(Object.entries(z.record(z.string(), z.unknown()).parse(values)));
    return String(text).replace(/\$\{([^}]+)\}/g, (_, word: string) =>
      String(known.has(word) ? resolve(known.get(word), own) : refOf(word)),
    );
  }
  return Object.fromEntries(Object.entries(value).map(([one, inner]) => [one, resolve(inner, own)]));
}

function refOf(id: string): string {
  const known: Readonly<Record<string, string>> = {
    'AWS::AccountId': place.account,
    'AWS::Partition': place.partition,
    'AWS::Region': place.region,
    Bucket: `${name}-${place.account}-${place.region}`,
  };
  return known[id] ?? `<${id}>`;
}

/** What the module makes, in CloudFormation's words. */
export function fromPlan(plan: Plan): Made {
  const made: Record<string, { Type: string; kept: boolean; Properties: object }> = {};
  for (const one of plan.resources) {
    const translated = translate(one, plan);
    if (translated === undefined) continue;
    const [id, Type, Properties] = translated;
    made[id] = { Type, kept: one.preventsDestroy, Properties };
  }
  const text = JSON.stringify(made)
    .replaceAll(
      /<aws_lambda_function\.function\[\\"([\w-]+)\\"\]\.arn>/g,
      (_, one: string) => `<${idOf(one)}LambdaFunction.Arn>`,
    )
    .replaceAll(
      /<aws_iam_role\.function\[\\"([\w-]+)\\"\]\.arn>/g,
      (_, one: string) => `<${idOf(one)}Role.Arn>`,
    )
    .replaceAll('<aws_iam_role.schedule.arn>', '<ScheduleRole.Arn>')
    .replaceAll('<aws_kms_key.muster[0].arn>', '<Key.Arn>')
    .replaceAll('<aws_sqs_queue.failed[0].arn>', '<FailedQueue.Arn>')
    .replaceAll('<aws_sns_topic.alarms[0].arn>', '<AlarmTopic>');
  const found = madeSchema.parse(JSON.parse(text));
  return Object.fromEntries(Object.entries(found).map(([id, one]) => [id, inOrder(one)]));
}

const madeSchema = z.record(
  z.string(),
  z.object({ Type: z.string(), kept: z.boolean(), Properties: z.record(z.string(), z.unknown()) }),
);

/** Dimensions by name, and the body of a dashboard as data: their order and form say nothing. */
function inOrder(one: Made[string]): Made[string] {
  const { Dimensions, DashboardBody } = one.Properties;
  const dimensions = z.object({ Name: z.string(), Value: z.string() }).array().safeParse(Dimensions);
  return {
    ...one,
    Properties: {
      ...one.Properties,
      ...(dimensions.success && {
        Dimensions: [...dimensions.data].sort((a, b) => (a.Name < b.Name ? -1 : 1)),
      }),
      ...(typeof DashboardBody === 'string' && { DashboardBody: JSON.parse(DashboardBody) }),
    },
  };
}

function idOf(backend: string): string {
  return backend.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
}

const json = (text: HclValue | undefined): unknown => JSON.parse(String(text));
/** The only block of this name. */
const blockOf = (value: HclValue | undefined) => objectOf(listOf(value)[0]);
/** Keys as CloudFormation writes them. */
const capital = (value: Variables) =>
  Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/(?:^|_)(.)/g, (_, one: string) => one.toUpperCase()),
      item,
    ]),
  );

/** A resource as CloudFormation has it; undefined for one that is a property there. */
function translate(
  { type, name: local, key, values }: PlannedResource,
  plan: Plan,
): readonly [id: string, type: string, properties: object] | undefined {
  /** The values of the resource of another type that belongs to this one. */
  const beside = (other: string) =>
    objectOf(
      plan.resources.find((one) => one.type === other && one.name === local && one.key === key)?.values,
    );
  const id = key === '' ? local : idOf(key);
  switch (type) {
    case 'aws_s3_bucket': {
      const [rule, levels] = [
        blockOf(beside('aws_s3_bucket_server_side_encryption_configuration').rule),
        blockOf(beside('aws_s3_bucket_ownership_controls').rule),
      ];
      const { sse_algorithm, kms_master_key_id } = blockOf(rule.apply_server_side_encryption_by_default);
      const { bucket: _, ...closed } = beside('aws_s3_bucket_public_access_block');
      return [
        'Bucket',
        'AWS::S3::Bucket',
        {
          BucketName: values.bucket,
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [
              {
                ServerSideEncryptionByDefault: {
                  SSEAlgorithm: sse_algorithm,
                  KMSMasterKeyID: kms_master_key_id,
                },
                BucketKeyEnabled: rule.bucket_key_enabled === true ? true : undefined,
              },
            ],
          },
          VersioningConfiguration: {
            Status: blockOf(beside('aws_s3_bucket_versioning').versioning_configuration).status,
          },
          PublicAccessBlockConfiguration: capital(closed),
          OwnershipControls: { Rules: [capital(levels)] },
          LifecycleConfiguration: {
            Rules: listOf(beside('aws_s3_bucket_lifecycle_configuration').rule).map((one) =>
              lifecycleOf(objectOf(one)),
            ),
          },
        },
      ];
    }
    case 'aws_s3_bucket_policy':
      return [
        'BucketPolicy',
        'AWS::S3::BucketPolicy',
        { Bucket: values.bucket, PolicyDocument: json(values.policy) },
      ];
    case 'aws_kms_key':
      return [
        'Key',
        'AWS::KMS::Key',
        {
          Description: values.description,
          EnableKeyRotation: values.enable_key_rotation,
          KeyPolicy: json(values.policy),
        },
      ];
    case 'aws_iam_policy':
      return [
        'SidecarPolicy',
        'AWS::IAM::ManagedPolicy',
        { Description: values.description, PolicyDocument: json(values.policy) },
      ];
    case 'aws_iam_role': {
      const own = beside('aws_iam_role_policy');
      return [
        local === 'schedule' ? 'ScheduleRole' : `${id}Role`,
        'AWS::IAM::Role',
        {
          AssumeRolePolicyDocument: json(values.assume_role_policy),
          Policies: [{ PolicyName: own.name, PolicyDocument: json(own.policy) }],
        },
      ];
    }
    case 'aws_lambda_function':
      return [`${id}LambdaFunction`, 'AWS::Lambda::Function', functionOf(values, beside)];
    case 'aws_scheduler_schedule': {
      const { retry_policy: retry, ...target } = blockOf(values.target);
      const { maximum_retry_attempts, maximum_event_age_in_seconds } = blockOf(retry);
      return [
        `${id}Schedule`,
        'AWS::Scheduler::Schedule',
        {
          ...capital({ ...values, target: null, flexible_time_window: null }),
          FlexibleTimeWindow: capital(blockOf(values.flexible_time_window)),
          Target: {
            ...capital(target),
            RetryPolicy: {
              MaximumRetryAttempts: maximum_retry_attempts,
              MaximumEventAgeInSeconds: maximum_event_age_in_seconds,
            },
          },
        },
      ];
    }
    case 'aws_sqs_queue':
      return [
        'FailedQueue',
        'AWS::SQS::Queue',
        {
          QueueName: values.name,
          SqsManagedSseEnabled: values.sqs_managed_sse_enabled,
          MessageRetentionPeriod: values.message_retention_seconds,
        },
      ];
    case 'aws_sns_topic': {
      const emails = plan.resources
        .filter((one) => one.type === 'aws_sns_topic_subscription')
        .map((one) => one.values);
      const subscriptions = emails.map(({ protocol, endpoint }) => ({
        Protocol: protocol,
        Endpoint: endpoint,
      }));
      return [
        'AlarmTopic',
        'AWS::SNS::Topic',
        { TopicName: values.name, Subscription: subscriptions.length > 0 ? subscriptions : undefined },
      ];
    }
    case 'aws_cloudwatch_metric_alarm': {
      const [, backend = '', kind = ''] = /^(.*)-([a-z]+)$/.exec(key) ?? [];
      const { tags: _, dimensions, ok_actions, ...rest } = values;
      return [
        `${idOf(backend)}${idOf(kind)}Alarm`,
        'AWS::CloudWatch::Alarm',
        {
          ...capital(rest),
          OKActions: ok_actions,
          Dimensions: Object.entries(objectOf(dimensions)).map(([Name, Value]) => ({ Name, Value })),
        },
      ];
    }
    case 'aws_cloudwatch_dashboard':
      return [
        'Dashboard',
        'AWS::CloudWatch::Dashboard',
        { DashboardName: values.dashboard_name, DashboardBody: values.dashboard_body },
      ];
    default:
      return undefined;
  }
}

function lifecycleOf(rule: Variables): object {
  const { days, expired_object_delete_marker } = blockOf(rule.expiration);
  return {
    ...{ Id: rule.id, Status: rule.status, Prefix: blockOf(rule.filter).prefix },
    ...{ ExpirationInDays: days, ExpiredObjectDeleteMarker: expired_object_delete_marker },
    NoncurrentVersionExpiration: capital(blockOf(rule.noncurrent_version_expiration)),
    AbortIncompleteMultipartUpload: capital(blockOf(rule.abort_incomplete_multipart_upload)),
  };
}

/** A function with what stands around it, in the words of serverless.yml. */
function functionOf(values: Variables, beside: (type: string) => Variables): object {
  const events = beside('aws_lambda_function_event_invoke_config');
  const failed = events.destination_config;
  const { function_name, description, memory_size, timeout, environment, runtime, architectures } = values;
  const limit = values.reserved_concurrent_executions;
  const vpc = values.vpc_config === undefined ? undefined : blockOf(values.vpc_config);
  return {
    ...{ functionName: function_name, description, memorySize: memory_size, timeout },
    environment: blockOf(environment).variables,
    ...{ runtime, architectures, role: values.role, handler: values.handler },
    reservedConcurrency: limit === -1 ? undefined : limit,
    vpc: vpc && { subnetIds: vpc.subnet_ids, securityGroupIds: vpc.security_group_ids },
    maximumRetryAttempts: events.maximum_retry_attempts,
    maximumEventAge: events.maximum_event_age_in_seconds,
    onFailure: failed === undefined ? undefined : blockOf(blockOf(failed).on_failure).destination,
    logRetention: beside('aws_cloudwatch_log_group').retention_in_days,
  };
}
