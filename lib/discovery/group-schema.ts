import * as z from 'zod';

const labels = z.record(z.string(), z.string());

/** A target group as snapshots and journals hold it. */
export const targetGroup = z.strictObject({ source: z.string(), labels, targets: z.array(labels) });
