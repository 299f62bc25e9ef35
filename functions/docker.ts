import { docker } from '../lib/backends/docker/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the containers of Docker engines; see lib/lambda. */
export const handler = defineFunction(docker);
