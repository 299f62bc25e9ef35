import { defineFunction } from '../lib/lambda/provider-work.ts';
import { dockerswarm } from '../lib/backends/dockerswarm/index.ts';

/** Lists services, tasks and nodes of Docker Swarm mode; see lib/app/function. */
export const handler = defineFunction(dockerswarm);
