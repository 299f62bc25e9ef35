import { forms, type KeyTexts } from '../../config/key-texts.ts';

const commonTexts: KeyTexts = {
  region: ['Region to list. Default: that of the environment or of the instance.', 'eu-west-1'],
  endpoint: ["URL of the API, where it is not AWS's own.", 'https://ec2.example.com'],
  access_key: ['ID of an access key. Default: the credentials of the environment.', 'AKIAIOSFODNN7EXAMPLE'],
  ...forms('access_key', 'The ID'),
  secret_key: ['The secret of the access key.', 'secret'],
  ...forms('secret_key', 'The secret'),
  profile: ['Profile in the files of the AWS command.', 'monitoring'],
  role_arn: ['IAM role to assume.', 'arn:aws:iam::123456789012:role/discovery'],
  external_id: ['External ID, where the role requires one.', 'muster'],
  port: ['Port of the targets.', 9100],
  'muster.regions': ['Regions to list, instead of `region`.', ['eu-west-1', 'us-east-1']],
  'muster.roles': [
    'IAM roles to assume one by one, instead of `role_arn`; each is listed.',
    ['arn:aws:iam::123456789012:role/discovery'],
  ],
};

const filterTexts: KeyTexts = {
  filters: ['Filters of the API; all must match.', [{ name: 'tag:team', values: ['web'] }]],
  'filters[].name': ['Name of the filter.', 'instance-state-name'],
  'filters[].values': ['Values; one must match.', ['running']],
};

const clusterTexts: KeyTexts = {
  clusters: [
    'ARNs of the clusters to list. Default: all.',
    ['arn:aws:ecs:eu-west-1:123456789012:cluster/web'],
  ],
};

const concurrencyTexts: KeyTexts = {
  request_concurrency: ['Most API calls at once.', 5],
};

/** The keys of `ec2_sd_configs`. */
export const ec2Texts: KeyTexts = { ...commonTexts, ...filterTexts };

/** The keys of `lightsail_sd_configs`. */
export const lightsailTexts: KeyTexts = commonTexts;

/** The keys of `ecs_sd_configs`, `msk_sd_configs` and `elasticache_sd_configs`. */
export const clustersTexts: KeyTexts = { ...commonTexts, ...clusterTexts, ...concurrencyTexts };

/** The keys of `rds_sd_configs`. */
export const rdsTexts: KeyTexts = { ...clustersTexts, ...filterTexts };

/** The keys of `aws_sd_configs`. */
export const awsTexts: KeyTexts = {
  ...commonTexts,
  ...filterTexts,
  ...clusterTexts,
  role: ['The service to list.', 'ec2'],
};
