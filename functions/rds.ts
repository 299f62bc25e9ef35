import { rds } from '../lib/backends/aws/rds.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists instances of RDS clusters; see lib/lambda. */
export const handler = defineFunction(rds);
