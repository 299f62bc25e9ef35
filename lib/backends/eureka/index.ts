import type { Mechanism } from '../mechanism.ts';
import { readApplications } from './bodies.ts';
import { buildGroups } from './groups.ts';
import { type EurekaConfig, eurekaConfig } from './schema.ts';

/** Instances that are registered with Eureka: a group for each application that has any. */
export const eureka: Mechanism<EurekaConfig> = {
  name: 'eureka',
  configKey: 'eureka_sd_configs',
  schema: eurekaConfig,
  server: ({ server }) => server,
  async *discover(config, { openHttp, signal, onProgress }) {
    const client = await openHttp(config.http);
    const applications = await client.read(
      { url: new URL(`${config.server}/apps`), headers: { accept: 'application/xml' }, signal },
      ({ body, headers }) => readApplications(body, headers['content-type']),
    );
    const groups = buildGroups(applications);
    onProgress?.({ read: groups.length, total: groups.length });
    yield groups.filter(({ targets }) => targets.length > 0);
    return undefined;
  },
};
