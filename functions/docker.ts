import { defineFunction } from '../lib/app/function/define.ts';
import { docker } from '../lib/backends/docker/index.ts';

/** Lists the containers of Docker engines; see lib/app/function. */
export const handler = defineFunction(docker);
