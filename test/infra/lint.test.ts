import { describe, expect, test } from '@jest/globals';
import { lintTemplate, templateSchema } from '../support/cloudformation.ts';

describe('the check of templates, before it is trusted', () => {
  test('finds nothing in a sound one', () => {
    const template = templateSchema.parse({
      Resources: {
        Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'q', SqsManagedSseEnabled: true } },
        Topic: {
          Type: 'AWS::SNS::Topic',
          DependsOn: 'Queue',
          Properties: {
            TopicName: { 'Fn::Sub': ['${a}-${Queue.QueueName}', { a: { Ref: 'AWS::Region' } }] },
          },
        },
      },
    });
    expect(lintTemplate(template)).toEqual([]);
  });

  test('finds each planted mistake', () => {
    const template = templateSchema.parse({
      Resources: {
        Bucket: {
          Type: 'AWS::S3::Bucket',
          DependsOn: ['Nobody'],
          Properties: {
            VersioningConfiguration: { Status: 'Sometimes' },
            PublicAccessBlockConfiguration: { BlockPublicAcls: 'yes' },
            Encryption: true,
          },
        },
        Function: { Type: 'AWS::Lambda::Function', Properties: { Role: { Ref: 'Gone' }, Timeout: '9' } },
        Alarm: { Type: 'AWS::CloudWatch::Alarms' },
        Topic: {
          Type: 'AWS::SNS::Topic',
          Properties: { TopicName: { 'Fn::Sub': '${AWS::Region}-${Lost}' } },
        },
      },
      Outputs: { Name: { Value: { 'Fn::GetAtt': ['Absent', 'Arn'] } } },
    });
    expect(lintTemplate(template)).toEqual([
      'Bucket.VersioningConfiguration.Status: "Sometimes" is no string',
      'Bucket.PublicAccessBlockConfiguration.BlockPublicAcls: "yes" is no boolean',
      'Bucket: there is no property Encryption',
      'Bucket: depends on Nobody, which is not there',
      'Function: Code is missing',
      'Function.Timeout: "9" is no integer',
      'Alarm: there is no AWS::CloudWatch::Alarms',
      '.Resources.Function.Properties.Role.Ref: there is no Gone',
      '.Resources.Topic.Properties.TopicName.Fn::Sub: there is no Lost',
      '.Outputs.Name.Value.Fn::GetAtt: there is no Absent',
    ]);
  });
});
