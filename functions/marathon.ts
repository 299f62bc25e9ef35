import { defineFunction } from '../lib/app/function/define.ts';
import { marathon } from '../lib/backends/marathon/index.ts';

/** Lists the tasks of Marathon's apps; see lib/app/function. */
export const handler = defineFunction(marathon);
