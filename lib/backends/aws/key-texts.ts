import type { KeyTexts } from '../../config/key-texts.ts';

/** The keys of `aws_sd_configs`, and of those of the single services, which have some of them. */
export const awsTexts: KeyTexts = {
  role: ['The service that is listed.', 'ec2'],
  region: ['Region that is listed. Default: that of the process.', 'eu-west-1'],
  endpoint: ["URL of an API that is not Amazon's.", 'http://localhost:4566'],
  access_key: ['ID of an access key. Default: the credentials of the process.', 'AKIAIOSFODNN7EXAMPLE'],
  access_key_file: ['The ID from a file.', 'aws-key-id'],
  access_key_ref: ['The ID from elsewhere.', 'ssm:/muster/aws-key-id'],
  secret_key: ['Secret of the access key.', 'secret'],
  secret_key_file: ['The secret from a file.', 'aws-key'],
  secret_key_ref: ['The secret from elsewhere.', 'secretsmanager:muster#aws-key'],
  profile: ['Profile of the shared configuration.', 'prod'],
  role_arn: ['Role that is assumed.', 'arn:aws:iam::123456789012:role/muster-reader'],
  external_id: ['ID that the trust policy of the role asks for.', 'muster'],
  port: ['Port of the targets; those of ElastiCache have their own.', 9100],
  filters: ["Filters of the service's own API.", [{ name: 'tag:Name', values: ['web'] }]],
  'filters[].name': ['Name of the filter.', 'instance-state-name'],
  'filters[].values': ['Values of which one must match.', ['running']],
  clusters: [
    'ARNs of the clusters that are listed. Default: all.',
    ['arn:aws:ecs:eu-west-1:123456789012:cluster/prod'],
  ],
  request_concurrency: ['Calls under way at once.', 10],
  'muster.regions': ['Regions that are listed, in place of `region`.', ['eu-west-1', 'us-east-1']],
  'muster.roles': [
    'Roles of which each lists the regions, in place of `role_arn`.',
    ['arn:aws:iam::123456789012:role/muster-reader'],
  ],
};
