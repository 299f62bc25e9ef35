import { defineFunction } from '../lib/lambda/provider-work.ts';
import { http } from '../lib/backends/http/index.ts';

/** Lists the targets that an HTTP endpoint names; see lib/app/function. */
export const handler = defineFunction(http);
