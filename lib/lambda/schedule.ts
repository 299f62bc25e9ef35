import { formatDuration } from '../config/fields.ts';
import { prices, secondsOfMonth } from './prices.ts';

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const minutesOfDay = 24 * 60;

/**
 * Milliseconds between two ticks of a schedule such as `rate(5 minutes)`. A `cron(…)` has no fixed period: a minute
 * counts, as for the finest schedule.
 */
export function periodOf(schedule: string): number {
  const [, count = '1', unit] = /^rate\((\d{1,6}) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  const length = unit === 'hour' || unit === 'day' ? units[unit] : units.minute;
  return Math.max(1, Number(count)) * length;
}

/**
 * The longest time between two ticks in milliseconds; undefined for a `cron(…)` that does not say: one that names days
 * of the month, months or years, or one that EventBridge refuses.
 */
export function longestGap(schedule: string): number | undefined {
  const ticks = ticksOfWeek(schedule);
  if (ticks === 'rate') return periodOf(schedule);
  const [first] = ticks ?? [];
  if (ticks === undefined || first === undefined) return undefined;
  const next = [...ticks.slice(1), first + 7 * minutesOfDay];
  return (
    ticks.reduce((longest, tick, index) => Math.max(longest, (next[index] ?? tick) - tick), 0) * units.minute
  );
}

/** How often a schedule ticks in a month of 730 hours. A schedule that does not say counts by its period. */
export function ticksOfMonth(schedule: string): number {
  const ticks = ticksOfWeek(schedule);
  if (ticks === 'rate' || ticks === undefined) return (secondsOfMonth * 1000) / periodOf(schedule);
  return (ticks.length * secondsOfMonth) / (7 * minutesOfDay * 60);
}

/** The minutes of the week at which a `cron(…)` ticks; undefined if it does not say. */
function ticksOfWeek(schedule: string): readonly number[] | 'rate' | undefined {
  const [, expression] = /^cron\((.+)\)$/.exec(schedule) ?? [];
  if (expression === undefined) return 'rate';
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = expression
    .trim()
    .split(/\s+/);
  if ([day, month, year].some((field) => field !== '*' && field !== '?')) return undefined;
  const minutes = numbersOf(minute, 0, 59);
  const hours = numbersOf(hour, 0, 23);
  const weekdays = numbersOf(weekday, 1, 7);
  if (minutes === undefined || hours === undefined || weekdays === undefined) return undefined;
  return weekdays.flatMap((d) => hours.flatMap((h) => minutes.map((m) => d * minutesOfDay + h * 60 + m)));
}

/** The numbers of a field such as `0/10`, `8-18` or `MON-FRI`, in order; undefined if it is not such a field. */
function numbersOf(field: string, lowest: number, highest: number): readonly number[] | undefined {
  const found = new Set<number>();
  for (const item of field.split(',')) {
    const [, range = '', step] = /^(\*|\?|\w+(?:-\w+)?)(?:\/(\d+))?$/.exec(item) ?? [];
    const [from = '', to] = range.split('-');
    const start = range === '*' || range === '?' ? lowest : numberOf(from);
    // `5/10` goes on to the end, `5` does not.
    const end =
      to !== undefined
        ? numberOf(to)
        : range === '*' || range === '?' || step !== undefined
          ? highest
          : start;
    const by = Number(step ?? 1);
    if (!(start >= lowest && start <= end && end <= highest && by >= 1)) return undefined;
    for (let number = start; number <= end; number += by) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

/** A day's name, or digits; NaN for anything else. */
function numberOf(text: string): number {
  const day = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'].indexOf(text.toUpperCase());
  return day >= 0 ? day + 1 : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

/** A provider or an output: its name for messages, and its interval in milliseconds. */
export interface Timed {
  readonly name: string;
  readonly refreshInterval: number;
}

const gigabytes = 0.75;

/** Seconds after which an invocation does not wait for another cycle: it has 90 s, ten of them to publish. */
const longestWait = 80;

/**
 * A line about intervals that are so much shorter than the schedule that invocations wait for extra cycles, which costs
 * more than it seems. In US dollars a month, for us-east-1 and 768 MB. Undefined if there are none.
 */
export function waitingCostHint(all: readonly Timed[], schedule: string): string | undefined {
  const period = periodOf(schedule);
  const waiting = all
    .map((one) => ({ ...one, wait: secondsWaited(one.refreshInterval, period) }))
    .filter(({ wait }) => wait > 0);
  const [first, ...others] = waiting;
  if (first === undefined) return undefined;
  const invocations = secondsOfMonth / ((longestGap(schedule) ?? period) / 1000);
  const seconds = waiting.reduce((sum, { wait }) => sum + wait, 0) * invocations;
  const dollars = seconds * gigabytes * prices.compute.dollars;
  const also = others.length === 0 ? '' : ` and ${others.length} more`;
  return (
    `${first.name} (${formatDuration(first.refreshInterval)})${also}: as an AWS function at ${schedule} each invocation ` +
    `waits for the next cycle and is billed for that, about ${inWords(dollars)} a month in all; ` +
    `"refresh_interval: ${formatDuration(period)}" avoids it`
  );
}

/** Seconds between the first and the last cycle of an invocation. */
function secondsWaited(refreshInterval: number, period: number): number {
  return (extraCycles(refreshInterval, period) * refreshInterval) / 1000;
}

/**
 * The number of cycles after the first in one invocation. Interval and period are in milliseconds; see invocation.ts.
 */
export function extraCycles(refreshInterval: number, period: number): number {
  const further = Math.ceil(period / refreshInterval - 0.5) - 1;
  return Math.max(0, Math.min(further, Math.floor((longestWait * 1000) / refreshInterval)));
}

function inWords(dollars: number): string {
  const whole = Math.max(1, Math.round(dollars));
  return `${whole} ${whole === 1 ? 'dollar' : 'dollars'}`;
}
