import { defineFunction } from '../lib/lambda/provider-work.ts';
import { nomad } from '../lib/backends/nomad/index.ts';

/** Lists the instances of Nomad's own services; see lib/app/function. */
export const handler = defineFunction(nomad);
