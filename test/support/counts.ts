/**
 * How often a test repeats what is drawn at random or killed: as often as its own variable says, else `usual` times
 * MUSTER_SCALE. CI takes the usual; what a release has to outlive is `MUSTER_SCALE=5` and more.
 */
export function repeats(usual: number, variable?: `MUSTER_${string}`): number {
  const own = variable === undefined ? undefined : process.env[variable];
  return own === undefined ? Math.ceil(usual * Number(process.env.MUSTER_SCALE ?? 1)) : Number(own);
}

/**
 * The same for a unit test, of which somebody waits for the end: a fifth of `usual`, and all of it with CI=true.
 */
export function draws(usual: number): number {
  return repeats(process.env.CI === 'true' ? usual : Math.ceil(usual / 5));
}

/** What takes seconds on a way that few take: nothing in a unit test that somebody waits for, all of it with CI=true. */
export function inCi<T>(...cases: readonly T[]): readonly T[] {
  return process.env.CI === 'true' ? cases : [];
}
