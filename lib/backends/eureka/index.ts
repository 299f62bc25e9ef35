import type { z } from 'zod';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverUrl } from '../../config/sd-config.ts';
import type { Mechanism } from '../mechanism.ts';
import { readApplications } from './bodies.ts';
import { buildGroups } from './groups.ts';

/** An element of `eureka_sd_configs`. Source: Prometheus configuration reference, eureka_sd_config. */
export const eurekaConfig = httpSdConfig('30s', { ...ownFields, server: serverUrl }).transform(
  withHttpClient,
);

/** One SD config after defaults and checks. */
type EurekaConfig = z.output<typeof eurekaConfig>;

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
