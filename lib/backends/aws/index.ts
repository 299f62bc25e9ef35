import type { Mechanism } from '../mechanism.ts';
import { type ListPart, listParts, serverOf } from './connection.ts';
import { type AwsConfig, type AwsRole, awsConfig } from './schema.ts';

/** How the resources of each role are listed. */
const roles: Readonly<Record<AwsRole, (config: AwsConfig) => Promise<ListPart>>> = {
  ec2: async (config) => (await import('./ec2.ts')).listEc2(config),
  ecs: async (config) => (await import('./ecs.ts')).listEcs(config),
  elasticache: async (config) => (await import('./elasticache.ts')).listElasticache(config),
  lightsail: async (config) => (await import('./lightsail.ts')).listLightsail(config),
  msk: async (config) => (await import('./msk.ts')).listMsk(config),
  rds: async (config) => (await import('./rds.ts')).listRds(config),
};

/** What AWS itself runs, by the role of the stanza; the older `ec2_sd_configs` and the like are mechanisms of their own. */
export const aws: Mechanism<AwsConfig> = {
  name: 'aws',
  configKey: 'aws_sd_configs',
  schema: awsConfig,
  server: (config) => serverOf(config.role, config),
  async *discover(config, input) {
    const { groups, backend } = await listParts(config, input, await roles[config.role](config));
    input.onProgress?.({ read: groups.length });
    yield groups;
    return backend.length === 0 ? undefined : { backend };
  },
};
