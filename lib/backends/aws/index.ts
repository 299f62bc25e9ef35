import type { Mechanism, MechanismInput } from '../mechanism.ts';
import { discoverParts, type ListPart, serverOf } from './connection.ts';
import { labelsSince, listEc2 } from './ec2.ts';
import { type AwsConfig, type AwsRole, awsConfig, newerAwsKeys } from './schema.ts';

/** The listing of each role. */
const roles: Readonly<Record<AwsRole, (config: AwsConfig, input: MechanismInput) => Promise<ListPart>>> = {
  ec2: async (config, { prometheus }) => listEc2(config, prometheus),
  ecs: async (config) => (await import('./ecs.ts')).listEcs(config),
  elasticache: async (config) => (await import('./elasticache.ts')).listElasticache(config),
  lightsail: async (config) => (await import('./lightsail.ts')).listLightsail(config),
  msk: async (config) => (await import('./msk.ts')).listMsk(config),
  rds: async (config) => (await import('./rds.ts')).listRds(config),
};

/** Resources of AWS, by the role of the stanza. The older keys, such as `ec2_sd_configs`, are separate mechanisms. */
export const aws: Mechanism<AwsConfig> = {
  name: 'aws',
  configKey: 'aws_sd_configs',
  schema: awsConfig,
  labelsSince,
  newerKeys: newerAwsKeys,
  server: (config) => serverOf(config.role, config),
  async *discover(config, input) {
    return yield* discoverParts(config, input, await roles[config.role](config, input));
  },
};
