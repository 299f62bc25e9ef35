import { ec2 } from '../lib/backends/aws/ec2.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists instances of EC2; see lib/lambda. */
export const handler = defineFunction(ec2);
