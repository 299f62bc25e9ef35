import { lightsail } from '../lib/backends/aws/lightsail.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists instances of Lightsail; see lib/lambda. */
export const handler = defineFunction(lightsail);
