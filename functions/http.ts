import { defineFunction } from '../lib/app/function/define.ts';
import { http } from '../lib/backends/http/index.ts';

/** Lists the targets that an HTTP endpoint names; see lib/app/function. */
export const handler = defineFunction(http);
