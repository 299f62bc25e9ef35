import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { periodOf } from '../../lib/lambda/schedule.ts';
import { makeStack } from '../support/stack.ts';

const alarmSchema = z.object({
  AlarmName: z.string(),
  Period: z.int(),
  EvaluationPeriods: z.int(),
  Threshold: z.number(),
  Statistic: z.enum(['Sum', 'Maximum']),
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
});
type Alarm = z.output<typeof alarmSchema>;

/** The alarms of one backend by what they are for. */
async function alarmsOf(schedule: string): Promise<ReadonlyMap<string, Alarm>> {
  const { Resources } = await makeStack({ backends: 'consul', schedule });
  const alarms = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) => alarmSchema.parse(Properties));
  return new Map(alarms.map((alarm) => [alarm.AlarmName.replace('muster-test-consul-', ''), alarm]));
}

/** A value that was counted at a time, in seconds. */
interface Point {
  readonly at: number;
  readonly value: number;
}

/** The end of the first period after which CloudWatch is in alarm, within this time; undefined where it never is. */
function goesOff(alarm: Alarm | undefined, points: readonly Point[], until: number): number | undefined {
  if (alarm === undefined) throw new Error('there is no such alarm');
  let inARow = 0;
  for (let end = alarm.Period; end <= until; end += alarm.Period) {
    const values = points.filter(({ at }) => at >= end - alarm.Period && at < end).map(({ value }) => value);
    const seen = alarm.Statistic === 'Sum' ? values.reduce((a, b) => a + b, 0) : Math.max(...values);
    const breaches = values.length === 0 ? alarm.TreatMissingData === 'breaching' : seen >= alarm.Threshold;
    inARow = breaches ? inARow + 1 : 0;
    if (inARow === alarm.EvaluationPeriods) return end;
  }
  return undefined;
}

const schedules = [
  'rate(1 minute)',
  'rate(5 minutes)',
  'rate(7 minutes)',
  'rate(10 minutes)',
  'rate(1 hour)',
  'rate(1 day)',
];

describe.each(schedules)('at %s', (schedule) => {
  const gap = periodOf(schedule) / 1000;
  const length = 40 * Math.max(gap, 300);
  /** Ticks come up to twenty seconds late. */
  const ticks = Array.from({ length: length / gap }, (_, index) => index * gap + ((index * 7) % 20));
  const failingFrom = 9 * Math.max(gap, 300);
  const overdue = ticks.map((at) => ({
    at,
    value: at < failingFrom ? 0 : Math.max(0, at - failingFrom),
  }));
  const failures = ticks.map((at) => ({ at, value: at < failingFrom ? 0 : 1 }));

  test('nothing goes off while all is well', async () => {
    const alarms = await alarmsOf(schedule);
    const well = ticks.map((at) => ({ at, value: 0 }));
    for (const alarm of alarms.values()) expect(goesOff(alarm, well, length)).toBeUndefined();
  });

  test('a provider that is 15 minutes overdue goes off with the next tick', async () => {
    const stale = (await alarmsOf(schedule)).get('stale');
    const seen = overdue.find(({ value }) => value >= 900)?.at ?? 0;
    const at = goesOff(stale, overdue, length) ?? Number.NaN;
    expect(at).toBeGreaterThanOrEqual(failingFrom + 900);
    expect(at).toBeLessThanOrEqual(seen + (stale?.Period ?? 0));
  });

  test('silence goes off', async () => {
    const before = overdue.filter(({ at }) => at < failingFrom);
    expect(goesOff((await alarmsOf(schedule)).get('stale'), before, length)).toBeGreaterThan(failingFrom);
  });

  test.each(['failing', 'errors'])('%s goes off in the long run, not for one hiccup', async (name) => {
    const alarm = (await alarmsOf(schedule)).get(name);
    const at = goesOff(alarm, failures, length) ?? Number.NaN;
    expect(at).toBeGreaterThan(failingFrom);
    const hiccup = failures.map(({ at: tick }) => ({ at: tick, value: tick === ticks[12] ? 1 : 0 }));
    expect(goesOff(alarm, hiccup, length)).toBeUndefined();
  });

  test('CloudWatch takes all periods', async () => {
    for (const { Period, EvaluationPeriods } of (await alarmsOf(schedule)).values()) {
      expect(Period % 60).toBe(0);
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual(Period < 3600 ? 86_400 : 604_800);
    }
  });
});

test('the periods of a cron schedule span its longest pause', async () => {
  const alarms = await alarmsOf('cron(0/10 8-18 ? * MON-FRI *)');
  // From Friday 18:50 to Monday 8:00.
  const pause = (2 * 24 + 13) * 3600 + 600;
  expect(
    [...alarms].map(([name, { Period, EvaluationPeriods }]) => [name, Period, EvaluationPeriods]),
  ).toEqual([
    ['stale', 2 * pause, 1],
    ...['failing', 'held', 'pinned', 'rejected', 'config', 'errors', 'throttled', 'slow'].map((name) => [
      name,
      pause,
      ['held', 'pinned', 'rejected'].includes(name) ? 1 : 2,
    ]),
  ]);
});

test.each([
  ['rate(4 days)', /three days apart at most/],
  ['cron(0 12 1 * ? *)', /how far apart its ticks are/],
])('a schedule that alarms cannot follow is refused: %s', async (schedule, message) => {
  await expect(makeStack({ backends: 'consul', schedule })).rejects.toThrow(message);
});
