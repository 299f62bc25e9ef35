import { defineFunction } from '../lib/app/function/define.ts';
import { dns } from '../lib/backends/dns/index.ts';

/** Lists the records of domain names; see lib/app/function. */
export const handler = defineFunction(dns);
