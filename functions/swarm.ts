import { swarm } from '../lib/backends/swarm/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the nodes of classic Swarm masters; see lib/lambda. */
export const handler = defineFunction(swarm);
