import { defineFunction } from '../lib/app/function/define.ts';
import { eureka } from '../lib/backends/eureka/index.ts';

/** Lists the instances that are registered with Eureka; see lib/app/function. */
export const handler = defineFunction(eureka);
