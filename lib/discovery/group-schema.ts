import * as z from 'zod';
import { MusterError } from '../errors.ts';

const labels = z.record(z.string(), z.string());

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
