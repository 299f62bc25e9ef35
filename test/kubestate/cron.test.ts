import { describe, expect, test } from '@jest/globals';
import { nextTime, parseSchedule } from '../../lib/kubestate/cron/schedule.ts';

const start = '2026-03-28T12:34:56Z';

function next(source: string, after: string): string | undefined {
  const schedule = parseSchedule(source);
  if (schedule === undefined) return undefined;
  return new Date(nextTime(schedule, Date.parse(after) / 1000) * 1000).toISOString();
}

describe('the next time of a schedule', () => {
  test.each([
    ['*/15 * * * *', start, '2026-03-28T12:45:00.000Z'],
    ['0 0 * * *', start, '2026-03-29T00:00:00.000Z'],
    ['30 6 1 jan *', start, '2027-01-01T06:30:00.000Z'],
    ['0 9-17/4 * * mon-fri', start, '2026-03-30T09:00:00.000Z'],
    ['0 0 13 * fri', start, '2026-04-03T00:00:00.000Z'],
    ['0 0 29 2 *', start, '2028-02-29T00:00:00.000Z'],
    ['@hourly', start, '2026-03-28T13:00:00.000Z'],
    ['@weekly', start, '2026-03-29T00:00:00.000Z'],
    ['@every 1h30m', start, '2026-03-28T14:04:56.000Z'],
    ['CRON_TZ=America/New_York 0 8 * * *', start, '2026-03-29T12:00:00.000Z'],
    ['TZ=Asia/Kolkata 0 0 * * ?', start, '2026-03-28T18:30:00.000Z'],
    // The night of 29 March the clock jumps from 2 to 3: the job skips it.
    ['CRON_TZ=Europe/Vienna 30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-30T00:30:00.000Z'],
  ])('%s', (source, after, expected) => {
    expect(next(source, after)).toBe(expected);
  });

  test('is the zero time where no day of five years will do', () => {
    expect(next('0 0 31 2 *', start)).toBe('0001-01-01T00:00:00.000Z');
  });
});

describe('what is no schedule', () => {
  test.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 7',
    '5-1 * * * *',
    '*/0 * * * *',
    'a * * * *',
    '1-2-3 * * * *',
    '@fortnightly',
    '@every soon',
    'CRON_TZ=Mars/Olympus 0 0 * * *',
  ])('%j', (source) => {
    expect(parseSchedule(source)).toBeUndefined();
  });
});
