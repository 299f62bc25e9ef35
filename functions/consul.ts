import { consul } from '../lib/backends/consul/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists Consul's services; see lib/lambda. */
export const handler = defineFunction(consul);
