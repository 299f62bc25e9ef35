import { staticTargets } from '../lib/backends/file/static.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Publishes the targets in the configuration itself; see lib/lambda. */
export const handler = defineFunction(staticTargets);
