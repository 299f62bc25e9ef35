import { formatDuration } from '../config/fields.ts';
import { longestGap, periodOf } from './schedule.ts';

/** A provider or an output: its name for messages, and its interval in milliseconds. */
export interface Timed {
  readonly name: string;
  readonly refreshInterval: number;
}

const dollarsForGbSecond = 0.0000133334;
const gigabytes = 0.75;
const secondsOfMonth = 730 * 3600;

/** Seconds after which an invocation waits for no further cycle: it has 90 s, ten of them to publish. */
const longestWait = 80;

/**
 * One line on what costs more than it seems: intervals so much shorter than the schedule's that invocations wait for
 * further cycles. In US dollars a month, of us-east-1 and 768 MB. Undefined where none does.
 */
export function sayWaiting(all: readonly Timed[], schedule: string): string | undefined {
  const period = periodOf(schedule);
  const waiting = all
    .map((one) => ({ ...one, wait: secondsWaited(one.refreshInterval, period) }))
    .filter(({ wait }) => wait > 0);
  const [first, ...others] = waiting;
  if (first === undefined) return undefined;
  const invocations = secondsOfMonth / ((longestGap(schedule) ?? period) / 1000);
  const seconds = waiting.reduce((sum, { wait }) => sum + wait, 0) * invocations;
  const dollars = seconds * gigabytes * dollarsForGbSecond;
  const also = others.length === 0 ? '' : ` and ${others.length} more`;
  return (
    `${first.name} (${formatDuration(first.refreshInterval)})${also}: as an AWS function at ${schedule} each invocation ` +
    `waits for the next cycle and is billed for that, about ${inWords(dollars)} a month in all; ` +
    `"refresh_interval: ${formatDuration(period)}" avoids it`
  );
}

/** Seconds between the first and the last cycle of an invocation; see repeat.ts. */
function secondsWaited(refreshInterval: number, period: number): number {
  const further = Math.ceil(period / refreshInterval - 0.5) - 1;
  const fitting = Math.min(further, Math.floor((longestWait * 1000) / refreshInterval));
  return Math.max(0, fitting * refreshInterval) / 1000;
}

function inWords(dollars: number): string {
  const whole = Math.max(1, Math.round(dollars));
  return `${whole} ${whole === 1 ? 'dollar' : 'dollars'}`;
}
