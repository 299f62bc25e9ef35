import * as z from 'zod';
import { MusterError } from '../../errors.ts';
import type { ProviderId } from '../../target/names.ts';

const one = z.strictObject({
  job: z.string().min(1),
  provider: z.string().regex(/^[a-z][a-z0-9]*-(?:0|[1-9]\d{0,5})$/),
});

/** An event without content, or the envelope that a schedule sends where it is given no input of its own. */
const tick = z.union([
  z.strictObject({}),
  z.looseObject({ source: z.enum(['aws.scheduler', 'aws.events']) }),
]);

/**
 * What an invocation is asked for: one provider, `{"job", "provider"}`, or undefined for all of the function's
 * mechanism, as the schedule sends it: `{}`. Throws (kind `config`) for any other event.
 */
export function readEvent(event: unknown): ProviderId | undefined {
  const provider = one.safeParse(event);
  if (provider.success) return provider.data;
  if (event === null || event === undefined || tick.safeParse(event).success) return undefined;
  throw new MusterError(
    'config',
    'the event is neither {} nor {"job": "…", "provider": "consul-0"}; nothing was done',
  );
}
