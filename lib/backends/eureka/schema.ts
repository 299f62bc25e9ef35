import type { z } from 'zod';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverUrl } from '../../config/sd-config.ts';

/** An element of `eureka_sd_configs`. Source: Prometheus configuration reference, eureka_sd_config. */
export const eurekaConfig = httpSdConfig('30s', { ...ownFields, server: serverUrl }).transform(
  withHttpClient,
);

/** One SD config after defaults and checks. */
export type EurekaConfig = z.output<typeof eurekaConfig>;
