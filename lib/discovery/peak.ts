/** How many targets a provider listed until a moment, when they became fewer. */
export interface Step {
  /** Milliseconds of Unix time. */
  readonly until: number;
  readonly targets: number;
}

/** Steps that are kept at most; of more the oldest ones merge, upwards. */
const mostSteps = 32;

/** The most targets that were listed at any time within the last `window` milliseconds, as far as the steps tell. */
export function peakWithin(steps: readonly Step[], now: number, window: number): number {
  return Math.max(0, ...steps.filter(({ until }) => until > now - window).map(({ targets }) => targets));
}

/**
 * The steps after a list of `before` targets was replaced by one of `after`. A step that ends in the future came from a
 * wrong clock: it ends now.
 */
export function stepsAfter(
  steps: readonly Step[],
  { now, window, before, after }: { now: number; window: number; before: number; after: number },
): readonly Step[] {
  const recent = steps
    .filter(({ until }) => until > now - window)
    .map(({ until, targets }) => ({ until: Math.min(until, now), targets }));
  if (before <= after) return recent;
  const higher = recent.filter(({ targets }) => targets > before);
  const surplus = higher.splice(0, Math.max(0, higher.length - mostSteps));
  const [oldest, ...rest] = higher;
  const merged =
    surplus.length === 0 || oldest === undefined
      ? higher
      : [{ until: oldest.until, targets: Math.max(...surplus.map(({ targets }) => targets)) }, ...rest];
  return [...merged, { until: now, targets: before }];
}
