import { elasticache } from '../lib/backends/aws/elasticache.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists nodes and caches of ElastiCache; see lib/lambda. */
export const handler = defineFunction(elasticache);
