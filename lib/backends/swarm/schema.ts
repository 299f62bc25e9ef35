import type { z } from 'zod';
import { int } from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import { httpSdConfig, ownFields, serverList } from '../../config/sd-config.ts';

/** An element of `swarm_sd_configs`; of our own, Prometheus has none. */
export const swarmConfig = httpSdConfig('30s', {
  ...ownFields,
  masters: serverList(),
  /** Where the nodes' metrics are. */
  metrics_port: int({ min: 1, max: 65_535 }, 8070),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
export type SwarmConfig = z.output<typeof swarmConfig>;
