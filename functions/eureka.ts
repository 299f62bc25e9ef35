import { eureka } from '../lib/backends/eureka/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the instances that are registered with Eureka; see lib/lambda. */
export const handler = defineFunction(eureka);
