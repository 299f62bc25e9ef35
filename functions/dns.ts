import { dns } from '../lib/backends/dns/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the records of domain names; see lib/lambda. */
export const handler = defineFunction(dns);
