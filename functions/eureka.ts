import { defineFunction } from '../lib/lambda/provider-work.ts';
import { eureka } from '../lib/backends/eureka/index.ts';

/** Lists the instances that are registered with Eureka; see lib/app/function. */
export const handler = defineFunction(eureka);
