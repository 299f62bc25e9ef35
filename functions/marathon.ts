import { marathon } from '../lib/backends/marathon/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the tasks of Marathon's apps; see lib/lambda. */
export const handler = defineFunction(marathon);
