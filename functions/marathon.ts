import { defineFunction } from '../lib/lambda/provider-work.ts';
import { marathon } from '../lib/backends/marathon/index.ts';

/** Lists the tasks of Marathon's apps; see lib/app/function. */
export const handler = defineFunction(marathon);
