import * as z from 'zod';
import { MusterError } from '../errors.ts';

/** Not a record of zod's, which drops a label named `__proto__`. */
const labels = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string'),
  { error: 'must be labels' },
);

/** A target group as snapshots and journals hold it. */
export const targetGroup = z.strictObject({ source: z.string(), labels, targets: z.array(labels) });

/** JSON text as a value, for a schema to check. Throws kind `malformed`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MusterError(
      'malformed',
      `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}
