import type { z } from 'zod';
import { oneOf } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { engineFields } from '../docker/engine.ts';

/** An element of `dockerswarm_sd_configs`. Source: Prometheus configuration reference, dockerswarm_sd_config. */
export const dockerSwarmConfig = httpSdConfig('60s', {
  ...ownFields,
  ...engineFields,
  role: oneOf(['services', 'tasks', 'nodes']),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
export type DockerSwarmConfig = z.output<typeof dockerSwarmConfig>;
