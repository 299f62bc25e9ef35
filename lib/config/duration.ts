const unit = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** Prometheus keeps durations as 64-bit nanoseconds: about 292 years. */
const longest = 2 ** 63 / 1e6;

const syntax = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** A regular expression for the same texts, without a bound for their length. */
export const durationPattern = `^(?:0$|(?=\\d)${syntax.source.slice(1, -1)}$)`;

/**
 * Milliseconds of a duration in Prometheus's syntax: `0`, or whole numbers with the units y, w, d, h, m, s, ms, each
 * at most once and from the biggest to the smallest. A year has 365 days. `undefined` for any other text.
 * Source: prometheus/common, model.ParseDuration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const counts = text === '' ? undefined : syntax.exec(text)?.slice(1);
  if (counts === undefined) return undefined;
  const total = Object.values(unit).reduce((sum, size, index) => sum + Number(counts[index] ?? 0) * size, 0);
  return total < longest ? total : undefined;
}

/** The duration in Prometheus's syntax: `5400000` is `1h30m`, `0` is `0s`. Source: model.Duration.String. */
export function formatDuration(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const [name, size] of Object.entries(unit)) {
    // Years and weeks only where they come out even: 90d reads better than 12w6d.
    if (rest < size || ((name === 'y' || name === 'w') && rest % size !== 0)) continue;
    text += `${Math.floor(rest / size)}${name}`;
    rest %= size;
  }
  return text === '' ? '0s' : text;
}
