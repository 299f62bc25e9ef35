/** The values of one field of a schedule that count, and whether it was written as all of them. */
export interface CronField {
  readonly values: ReadonlySet<number>;
  readonly star: boolean;
}

export interface CronBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/**
 * A field such as `*`, `1-5`, `0,30` or `9-17/2`; undefined where it is none. Source: cron of robfig, version 3, which
 * Kubernetes uses.
 */
export function parseField(source: string, bounds: CronBounds): CronField | undefined {
  const values = new Set<number>();
  let star = false;
  for (const part of source.split(',')) {
    if (part === '') continue;
    const range = parseRange(part, bounds);
    if (range === undefined) return undefined;
    star ||= range.star;
    for (let value = range.start; value <= range.end; value += range.step) values.add(value);
  }
  return { values, star };
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly star: boolean;
}

function parseRange(source: string, bounds: CronBounds): Range | undefined {
  const [range = '', stepText, ...tooMany] = source.split('/');
  const [low = '', high, ...more] = range.split('-');
  if (tooMany.length > 0 || more.length > 0) return undefined;
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  const all = low === '*' || low === '?';
  const start = all ? bounds.min : numberOf(low, bounds);
  if (start === undefined || step === undefined || step === 0) return undefined;
  const end = endOf({ all, start, high, stepped: stepText !== undefined }, bounds);
  if (end === undefined || start < bounds.min || end > bounds.max || start > end) return undefined;
  return { start, end, step, star: all && step === 1 };
}

function endOf(
  { all, start, high, stepped }: { all: boolean; start: number; high: string | undefined; stepped: boolean },
  bounds: CronBounds,
): number | undefined {
  if (all) return bounds.max;
  if (high !== undefined) return numberOf(high, bounds);
  return stepped ? bounds.max : start;
}

function numberOf(source: string, { names, min }: CronBounds): number | undefined {
  const index = names?.indexOf(source.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : wholeNumber(source);
}

function wholeNumber(source: string): number | undefined {
  return /^\+?\d{1,9}$/.test(source) ? Number(source) : undefined;
}
