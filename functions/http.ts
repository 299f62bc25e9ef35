import { http } from '../lib/backends/http/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the targets that an HTTP endpoint names; see lib/lambda. */
export const handler = defineFunction(http);
