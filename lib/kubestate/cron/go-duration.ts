/** Seconds of a duration as Go writes it, as in `1h30m`; undefined where it is none. */
export function parseGoDuration(source: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(source) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let seconds = 0;
  for (const [, number, unit = ''] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g))
    seconds += Number(number) * (units[unit] ?? 0);
  return sign === '-' ? -seconds : seconds;
}

const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};
