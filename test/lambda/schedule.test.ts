import { describe, expect, test } from '@jest/globals';
import { longestGap, periodOf } from '../../lib/lambda/schedule.ts';

const minute = 60_000;
const day = 24 * 60;

describe('a schedule', () => {
  test.each([
    ['rate(1 minute)', 1, 1],
    ['rate(5 minutes)', 5, 5],
    ['rate(2 hours)', 120, 120],
    ['rate(1 day)', day, day],
    ['rate(10000 minutes)', 10_000, 10_000],
    ['cron(0/10 * * * ? *)', 1, 10],
    ['cron(5,20 * * * ? *)', 1, 45],
    ['cron(0 6-8 * * ? *)', 1, 22 * 60],
    ['cron(0 12 ? * MON-FRI *)', 1, 3 * day],
    ['cron(0 12 ? * 1,2,4 *)', 1, 4 * day],
    ['', 1, 1],
  ])(
    'of %s runs cycles as if it ticked every %i min, and leaves at most %i min without a tick',
    (schedule, period, gap) => {
      expect([periodOf(schedule), longestGap(schedule)]).toEqual([period * minute, gap * minute]);
    },
  );

  test.each([
    'cron(0 12 1 * ? *)',
    'cron(0 12 ? JAN MON *)',
    'cron(0 12 ? * MON#1 *)',
    'cron(0 12 * * ? 2030)',
    'cron(61 * * * ? *)',
    'cron(9-3 * * * ? *)',
    'cron(0/0 * * * ? *)',
    'cron(* *)',
  ])('of %s does not tell how far apart its ticks are', (schedule) => {
    expect(longestGap(schedule)).toBeUndefined();
  });
});
