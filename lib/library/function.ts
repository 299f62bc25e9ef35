import { backendFrom } from '../backends/foreign.ts';
import { defineFunction } from '../lambda/provider-work.ts';
import type { Backend } from './backend.ts';

/**
 * The handler of an AWS function for a backend of your own, like those in `functions/`:
 *
 *     export const handler = backendFunction(inventory);
 *
 * It reads `MUSTER_CONFIG`, `MUSTER_STORE` and `MUSTER_SCHEDULE`, takes the providers of `<name>_sd_configs`, and loads
 * nothing that the configuration names. Throws kind `config` for what is no backend.
 */
export function backendFunction(backend: Backend): (event: unknown, context: unknown) => Promise<unknown> {
  const handler = defineFunction(backendFrom(backend));
  return async (event, context) => {
    if (!isContext(context))
      throw new TypeError('the second argument of a function is the context of Lambda');
    return handler(event, context);
  };
}

function isContext(context: unknown): context is Parameters<ReturnType<typeof defineFunction>>[1] {
  return typeof context === 'object' && context !== null && 'getRemainingTimeInMillis' in context;
}
