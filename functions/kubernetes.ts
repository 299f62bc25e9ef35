import { kubernetes } from '../lib/backends/kubernetes/index.ts';
import { defineFunction } from '../lib/lambda/provider-work.ts';

/** Lists the objects of Kubernetes clusters; see lib/lambda. */
export const handler = defineFunction(kubernetes);
