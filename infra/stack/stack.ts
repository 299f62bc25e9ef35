import { revision } from '../revision.ts';
import { alarmResources } from './alarms.ts';
import { type Bucket, bucketResources, describeBucket, sidecarStatements } from './bucket.ts';
import { dashboardResources } from './dashboard.ts';
import { functionName, roleResources } from './role.ts';
import { type Backend, readCustom, type Settings } from './settings.ts';
import { arn, getAtt, policy, type Resources, ref, sub, trust, type Value } from './template.ts';

/**
 * `NODE_OPTIONS` of each function. What outlives a page of a listing outlives the cycle: a small young generation copies
 * less of it, and takes a tenth to a quarter less CPU. The image has the same setting.
 */
export const nodeOptions = '--enable-source-maps --max-semi-space-size=4';

/** What the Serverless Framework hands to a variable that is a function. */
interface VariableInput {
  readonly resolveConfigurationProperty: (path: readonly string[]) => Promise<unknown>;
}

/** `functions:` of serverless.yml: one for each backend that is deployed. */
export async function functions(input: VariableInput): Promise<Value> {
  const { settings, backends } = readCustom(await input.resolveConfigurationProperty(['custom']));
  const shared = { settings, bucket: describeBucket(settings), version: revision() };
  return Object.fromEntries(backends.map((backend) => [backend.key, defineFunction(backend, shared)]));
}

/** `resources:` of serverless.yml: all that the functions need around them. */
export async function resources(input: VariableInput): Promise<{
  readonly Resources: Resources;
  readonly Outputs: Readonly<Record<string, Value>>;
}> {
  const { settings, backends } = readCustom(await input.resolveConfigurationProperty(['custom']));
  const bucket = describeBucket(settings);
  return {
    Resources: {
      ...bucketResources(settings, bucket),
      ...Object.assign({}, ...backends.map((backend) => roleResources(backend, settings, bucket))),
      ...scheduleResources(backends, settings),
      ...alarmResources(backends, settings),
      ...dashboardResources(backends, settings),
      SidecarPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        // IAM deletes no policy that a role holds, and sidecars go on reading the bucket, which stays as well.
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          Description: 'What a Muster sidecar needs: reading what is published',
          PolicyDocument: policy([
            ...sidecarStatements(bucket.arn, bucket.objects),
            ...(bucket.keyArn === undefined
              ? []
              : [
                  {
                    Sid: 'Decrypt',
                    Effect: 'Allow' as const,
                    Action: ['kms:Decrypt'],
                    Resource: [bucket.keyArn],
                  },
                ]),
          ]),
        },
      },
    },
    Outputs: {
      BucketName: { Description: 'Name of the bucket; muster.yml says store: s3://NAME', Value: bucket.name },
      SidecarPolicyArn: { Description: 'Policy for the role of each sidecar', Value: ref('SidecarPolicy') },
      AlarmTopicArn: { Description: 'Where the alarms go', Value: ref('AlarmTopic') },
    },
  };
}

/** What all functions have in common. */
interface Shared {
  readonly settings: Settings;
  readonly bucket: Bucket;
  /** As in `0.1.0+5d6f4e8a1b2c`. */
  readonly version: string;
}

/** The function of a backend, in the words of serverless.yml. */
function defineFunction(backend: Backend, { settings, bucket, version }: Shared): Value {
  const { name, id, memory, timeout } = backend;
  const { schedule, stack, logLevel, reservedConcurrency, deadLetterQueue, subnets, securityGroups } =
    settings;
  return {
    name: functionName(settings, backend),
    description: backend.isKubeState
      ? `Muster ${version}: lists clusters and publishes their kube-state metrics`
      : `Muster ${version}: lists targets of ${name} and publishes them`,
    handler: `dist/functions/${name}/index.handler`,
    package: { patterns: ['!**', `dist/functions/${name}/**`] },
    memorySize: memory,
    timeout,
    role: `${id}Role`,
    environment: {
      MUSTER_CONFIG: sub('s3://${bucket}/config/muster.yml', { bucket: bucket.name }),
      MUSTER_STORE: sub('s3://${bucket}', { bucket: bucket.name }),
      MUSTER_SCHEDULE: schedule.expression,
      MUSTER_LOG_LEVEL: logLevel,
      POWERTOOLS_SERVICE_NAME: stack,
      NODE_OPTIONS: nodeOptions,
    },
    // The next tick is the retry. An earlier retry would only add load to a system that has a problem.
    maximumRetryAttempts: 0,
    maximumEventAge: 60,
    ...(deadLetterQueue && {
      destinations: { onFailure: { type: 'sqs', arn: getAtt('FailedQueue', 'Arn') } },
    }),
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
    ...(subnets.length > 0 && { vpc: { subnetIds: [...subnets], securityGroupIds: [...securityGroups] } }),
  };
}

/** What starts the functions: a schedule each, and the role that the scheduler takes for it. */
function scheduleResources(backends: readonly Backend[], settings: Settings): Resources {
  const schedules = backends.map((backend) => [
    `${backend.id}Schedule`,
    {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: functionName(settings, backend),
        Description: `Starts Muster's function for ${backend.name}`,
        ScheduleExpression: settings.schedule.expression,
        FlexibleTimeWindow: { Mode: 'OFF' },
        State: 'ENABLED',
        Target: {
          Arn: getAtt(`${backend.id}LambdaFunction`, 'Arn'),
          RoleArn: getAtt('ScheduleRole', 'Arn'),
          Input: '{}',
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      },
    },
  ]);
  return {
    ScheduleRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', {
          StringEquals: { 'aws:SourceAccount': sub('${AWS::AccountId}') },
        }),
        Policies: [
          {
            PolicyName: 'muster',
            PolicyDocument: policy([
              {
                Sid: 'StartFunctions',
                Effect: 'Allow',
                Action: ['lambda:InvokeFunction'],
                Resource: backends.map((backend) =>
                  arn('lambda', `function:${functionName(settings, backend)}`),
                ),
              },
            ]),
          },
        ],
      },
    },
    ...Object.fromEntries(schedules),
    ...(settings.deadLetterQueue && {
      FailedQueue: {
        Type: 'AWS::SQS::Queue',
        Properties: {
          QueueName: `${settings.stack}-failed`,
          SqsManagedSseEnabled: true,
          MessageRetentionPeriod: 14 * 86_400,
        },
      },
    }),
  };
}
