import { msk } from '../lib/backends/aws/msk.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists nodes of MSK; see lib/lambda. */
export const handler = defineFunction(msk);
