/** The values of one field of a schedule that count. */
export type CronField = ReadonlySet<number>;

export interface CronBounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/**
 * A field such as `*`, `1-5`, `0,30`, `9-17/2` or `22-2`, which goes round; undefined where it is none. Source: go-cron
 * of netresearch, which kube-state-metrics reads schedules with since 2.19.
 */
export function parseField(source: string, bounds: CronBounds): CronField | undefined {
  const values = new Set<number>();
  for (const part of source.split(',')) {
    if (part === '') continue;
    const range = parseRange(part, bounds);
    if (range === undefined) return undefined;
    addRange(values, range, bounds);
  }
  return values;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function parseRange(source: string, bounds: CronBounds): Range | undefined {
  const { min, max } = bounds;
  const [range = '', stepText, ...tooMany] = source.split('/');
  const ends = endsOf(range, stepText !== undefined, bounds);
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  if (tooMany.length > 0 || ends === undefined || step === undefined || step === 0) return undefined;
  const { start, end } = ends;
  if (start < min || end > max) return undefined;
  const size = end - start + 1 + (start > end ? max - min + 1 : 0);
  // Where the start lies far above the highest value, Go's count of them has wrapped round to a very large one.
  if (step > 1 && size >= 0 && step >= size) return undefined;
  return { start, end, step };
}

function endsOf(
  range: string,
  stepped: boolean,
  bounds: CronBounds,
): { readonly start: number; readonly end: number } | undefined {
  const [low = '', high, ...more] = range.split('-');
  if (low === '*' || low === '?') return { start: bounds.min, end: bounds.max };
  const start = numberOf(low, bounds);
  const end = high === undefined ? (stepped ? bounds.max : start) : numberOf(high, bounds);
  return start === undefined || end === undefined || more.length > 0 ? undefined : { start, end };
}

function addRange(values: Set<number>, { start, end, step }: Range, { min, max }: CronBounds): void {
  const size = max - min + 1;
  const last = start > end ? end + size : end;
  for (let value = start; value <= last; value += step)
    values.add(value > max ? ((value - min) % size) + min : value);
}

function numberOf(source: string, { names, min }: CronBounds): number | undefined {
  const index = names?.indexOf(source.toLowerCase()) ?? -1;
  return index >= 0 ? index + min : wholeNumber(source);
}

function wholeNumber(source: string): number | undefined {
  return /^\+?\d{1,15}$/.test(source) ? Number(source) : undefined;
}
