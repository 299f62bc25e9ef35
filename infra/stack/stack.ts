import { alarmResources } from './alarms.ts';
import { bucketResources, describeBucket, sidecarStatements } from './bucket.ts';
import { dashboardResources } from './dashboard.ts';
import { defineFunction, scheduleResources } from './functions.ts';
import { roleResources } from './role.ts';
import { readCustom } from './settings.ts';
import { policy, type Resources, ref, type Value } from './template.ts';

/** What the Serverless Framework hands to a variable that is a function. */
interface VariableInput {
  readonly resolveConfigurationProperty: (path: readonly string[]) => Promise<unknown>;
}

/** `functions:` of serverless.yml: one for each backend that is deployed. */
export async function functions(input: VariableInput): Promise<Value> {
  const { settings, backends } = readCustom(await input.resolveConfigurationProperty(['custom']));
  const bucket = describeBucket(settings);
  return Object.fromEntries(
    backends.map((backend) => [backend.key, defineFunction(backend, settings, bucket)]),
  );
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
