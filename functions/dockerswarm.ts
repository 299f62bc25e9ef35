import { dockerswarm } from '../lib/backends/dockerswarm/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists services, tasks and nodes of Docker Swarm mode; see lib/lambda. */
export const handler = defineFunction(dockerswarm);
