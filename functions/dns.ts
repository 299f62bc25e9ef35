import { defineFunction } from '../lib/lambda/provider-work.ts';
import { dns } from '../lib/backends/dns/index.ts';

/** Lists the records of domain names; see lib/app/function. */
export const handler = defineFunction(dns);
