import type * as z from 'zod';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { NewerKey } from '../../config/prometheus-version.ts';
import { httpSdConfig, nameField } from '../../config/sd-config.ts';
import { type Credential, credentialOf, secret, secretFile, secretRef } from '../../config/secret.ts';
import { atMostOne, findings, rule, type SectionOf, section } from '../../config/section.ts';

/** The values of `role`. */
const awsRoles = ['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'] as const;

/** A value of `role`. */
export type AwsRole = (typeof awsRoles)[number];

const region = field.leaf('an AWS region such as eu-west-1', (source) =>
  /^[\w-]{1,60}$/.test(source) ? source : undefined,
);

const roleArn = field.leaf('the ARN of an IAM role', (source) =>
  /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(source) ? source : undefined,
);

/** Keys of all roles. Source: Prometheus configuration reference, aws_sd_config; `*_file`, `*_ref`, `muster` are ours. */
const commonFields = {
  region: field.unlessEmpty(region),
  endpoint: field.unlessEmpty(field.url()),
  access_key: secret(),
  access_key_file: secretFile(),
  access_key_ref: secretRef(),
  secret_key: secret(),
  secret_key_file: secretFile(),
  secret_key_ref: secretRef(),
  profile: field.text(''),
  role_arn: field.unlessEmpty(roleArn),
  external_id: field.text(''),
  port: field.int({ min: 0, max: 65_535 }, 80),
  muster: section({ ...nameField, regions: field.list(region), roles: field.list(roleArn) }).prefault({}),
};

const filterFields = { filters: field.list(section({ name: field.text(), values: field.stringList() })) };
const clusterFields = { clusters: field.stringList() };
const concurrencyFields = (byDefault: number) => ({ request_concurrency: field.int({ min: 1 }, byDefault) });

type Common = SectionOf<typeof commonFields>;
type Filters = SectionOf<typeof filterFields>;

const accessKeys = ['access_key', 'access_key_file', 'access_key_ref'] as const;
const secretKeys = ['secret_key', 'secret_key_file', 'secret_key_ref'] as const;

const commonRules = [
  atMostOne<Common, (typeof accessKeys)[number]>(...accessKeys),
  atMostOne<Common, (typeof secretKeys)[number]>(...secretKeys),
  rule<Common, 'muster' | 'region'>(['muster', 'region'], (config) =>
    config.muster.regions.length > 0 && config.region !== undefined
      ? 'regions cannot go with region: add it to the list'
      : undefined,
  ),
  rule<Common, 'muster' | 'role_arn'>(['muster', 'role_arn'], (config) =>
    config.muster.roles.length > 0 && config.role_arn !== undefined
      ? 'roles cannot go with role_arn: add it to the list'
      : undefined,
  ),
];

const filterRule = findings<Filters, 'filters'>(['filters'], ({ filters }) =>
  filters.flatMap(({ values }, index) =>
    values.length === 0
      ? [{ path: ['filters', index, 'values'], message: 'must list at least one value' }]
      : [],
  ),
);

/** An element of `ec2_sd_configs`. */
export const ec2Config = httpSdConfig('60s', { ...commonFields, ...filterFields })
  .check(...commonRules, filterRule)
  .transform((keys) => settle(withHttpClient(keys)));

/** An element of `lightsail_sd_configs`. */
export const lightsailConfig = httpSdConfig('60s', commonFields)
  .check(...commonRules)
  .transform((keys) => settle(withHttpClient(keys)));

/** An element of `ecs_sd_configs`. */
export const ecsConfig = httpSdConfig('60s', { ...commonFields, ...clusterFields, ...concurrencyFields(20) })
  .check(...commonRules)
  .transform((keys) => settle(withHttpClient(keys)));

/** An element of `msk_sd_configs` and of `elasticache_sd_configs`. */
export const clustersConfig = httpSdConfig('60s', {
  ...commonFields,
  ...clusterFields,
  ...concurrencyFields(10),
})
  .check(...commonRules)
  .transform((keys) => settle(withHttpClient(keys)));

/** An element of `rds_sd_configs`. */
export const rdsConfig = httpSdConfig('60s', {
  ...commonFields,
  ...filterFields,
  ...clusterFields,
  ...concurrencyFields(10),
})
  .check(...commonRules, filterRule)
  .transform((keys) => settle(withHttpClient(keys)));

/** An element of `aws_sd_configs`; its `role` names the service to list. */
export const awsConfig = httpSdConfig('60s', {
  ...commonFields,
  ...filterFields,
  ...clusterFields,
  role: field.oneOf(awsRoles),
})
  .check(...commonRules, filterRule)
  // A port of 0 counts as absent, and there is no key for concurrent calls.
  .transform((keys) => ({
    ...settle(withHttpClient(keys)),
    port: keys.port || 80,
    request_concurrency: keys.role === 'ecs' ? 20 : 10,
  }));

/** An SD config of `aws` after defaults and checks. */
export type AwsConfig = z.output<typeof awsConfig>;
/** An SD config of `ec2` after defaults and checks. */
export type Ec2Config = z.output<typeof ec2Config>;
/** An SD config of `lightsail` after defaults and checks. */
export type LightsailConfig = z.output<typeof lightsailConfig>;
/** An SD config of `ecs`, `msk` or `elasticache` after defaults and checks. */
export type ClustersConfig = z.output<typeof clustersConfig>;
/** An SD config of `rds` after defaults and checks. */
export type RdsConfig = z.output<typeof rdsConfig>;

/** The keys for region, endpoint and credentials. */
export type AccessConfig = Omit<LightsailConfig, 'refresh_interval' | 'port'>;

/** Keys of a stanza that Prometheus added after 3.5. */
export function newerAccess({ external_id }: Pick<Common, 'external_id'>): readonly NewerKey[] {
  return external_id === '' ? [] : [{ path: ['external_id'], since: '3.12' }];
}

const rolesSince = {
  ec2: '3.8',
  ecs: '3.8',
  elasticache: '3.11',
  lightsail: '3.8',
  msk: '3.10',
  rds: '3.11',
} as const;

/** The same for `aws_sd_configs`, whose roles came in several versions. */
export function newerAwsKeys(config: AwsConfig): readonly NewerKey[] {
  return [...newerAccess(config), { path: ['role'], since: rolesSince[config.role] }];
}

interface Keys extends Omit<Common, 'muster'> {
  readonly muster: Common['muster'];
}

/** The stanza with its credentials in one form. As in Prometheus, an access key without its secret is ignored. */
function settle<Config extends Keys>(config: Config) {
  const {
    access_key,
    access_key_file,
    access_key_ref,
    secret_key,
    secret_key_file,
    secret_key_ref,
    ...rest
  } = config;
  return {
    ...rest,
    accessKey: credentialOf(access_key, access_key_file, access_key_ref),
    secretKey: credentialOf(secret_key, secret_key_file, secret_key_ref),
  } satisfies { readonly accessKey: Credential | undefined; readonly secretKey: Credential | undefined };
}
