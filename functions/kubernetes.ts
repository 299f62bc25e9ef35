import { defineFunction } from '../lib/lambda/provider-work.ts';
import { kubernetes } from '../lib/backends/kubernetes/index.ts';

/** Lists the objects of Kubernetes clusters; see lib/app/function. */
export const handler = defineFunction(kubernetes);
