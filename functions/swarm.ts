import { defineFunction } from '../lib/lambda/provider-work.ts';
import { swarm } from '../lib/backends/swarm/index.ts';

/** Lists the nodes of classic Swarm masters; see lib/app/function. */
export const handler = defineFunction(swarm);
