import * as z from 'zod';

/** Label names to values. Not a record of zod's, which drops a label named `__proto__`. */
export const labelSet = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string'),
  { error: 'must be labels' },
);

/** A target group as snapshots and journals hold it. */
export const targetGroup = z.strictObject({
  source: z.string(),
  labels: labelSet,
  targets: z.array(labelSet),
});
