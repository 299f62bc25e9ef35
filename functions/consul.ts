import { defineFunction } from '../lib/lambda/provider-work.ts';
import { consul } from '../lib/backends/consul/index.ts';

/** Lists Consul's services; see lib/app/function. */
export const handler = defineFunction(consul);
