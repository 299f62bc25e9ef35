import { defineFunction } from '../lib/lambda/provider-work.ts';
import { docker } from '../lib/backends/docker/index.ts';

/** Lists the containers of Docker engines; see lib/app/function. */
export const handler = defineFunction(docker);
