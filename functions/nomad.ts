import { nomad } from '../lib/backends/nomad/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the instances of Nomad's own services; see lib/lambda. */
export const handler = defineFunction(nomad);
