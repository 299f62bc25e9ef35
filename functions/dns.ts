import { defineFunction } from '../lib/app/function/define.ts';
import { dns } from '../lib/backends/dns/index.ts';

/** Asks for DNS records; see lib/app/function. */
export const handler = defineFunction(dns);
