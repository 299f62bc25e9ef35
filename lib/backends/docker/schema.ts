import type { z } from 'zod';
import { bool, text } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { engineFields } from './engine.ts';

/** An element of `docker_sd_configs`. Source: Prometheus configuration reference, docker_sd_config. */
export const dockerConfig = httpSdConfig('60s', {
  ...ownFields,
  ...engineFields,
  host_networking_host: text('localhost'),
  match_first_network: bool(true),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
export type DockerConfig = z.output<typeof dockerConfig>;
