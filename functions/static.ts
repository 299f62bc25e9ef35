import { staticTargets } from '../lib/backends/file/static.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Publishes the targets that stand in the configuration; see lib/lambda. */
export const handler = defineFunction(staticTargets);
