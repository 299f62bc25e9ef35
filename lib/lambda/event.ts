import * as z from 'zod';
import { MusterError } from '../base/errors.ts';

/** An event without content, or the envelope that a schedule sends where it is given no input of its own. */
const tick = z.union([
  z.strictObject({}),
  z.looseObject({ source: z.enum(['aws.scheduler', 'aws.events']) }),
]);

/** What an event looks like that asks for one thing alone, and an example of it. */
export interface EventForm<Id> {
  readonly schema: z.ZodType<Id>;
  readonly example: string;
}

/**
 * What an invocation is asked for: one thing, by its id, or undefined for all that the function does, as the schedule
 * sends it: `{}`. Throws (kind `config`) for any other event.
 */
export function readEvent<Id>(event: unknown, { schema, example }: EventForm<Id>): Id | undefined {
  const one = schema.safeParse(event);
  if (one.success) return one.data;
  if (event === null || event === undefined || tick.safeParse(event).success) return undefined;
  throw new MusterError('config', `the event is neither {} nor ${example}; nothing was done`);
}
