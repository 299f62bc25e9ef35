import { aws } from '../lib/backends/aws/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the resources of AWS that the stanza's role names; see lib/lambda. */
export const handler = defineFunction(aws);
