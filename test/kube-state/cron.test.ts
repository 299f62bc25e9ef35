import { describe, expect, test } from '@jest/globals';
import { nextTime, parseSchedule } from '../../lib/kube-state/cron.ts';

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
    // Both days have to fit: a Friday that is the 13th, where Kubernetes's own controller takes either.
    ['0 0 13 * fri', start, '2026-11-13T00:00:00.000Z'],
    ['0 0 1-7 * */6', start, '2026-04-04T00:00:00.000Z'],
    ['0 0 29 2 *', start, '2028-02-29T00:00:00.000Z'],
    ['@hourly', start, '2026-03-28T13:00:00.000Z'],
    ['@weekly', start, '2026-03-29T00:00:00.000Z'],
    ['@every 1h30m', start, '2026-03-28T14:04:56.000Z'],
    ['CRON_TZ=America/New_York 0 8 * * *', start, '2026-03-29T12:00:00.000Z'],
    ['TZ=Asia/Kolkata 0 0 * * ?', start, '2026-03-28T18:30:00.000Z'],
    ['TZ="Asia/Kolkata"   0 0 * * *', start, '2026-03-28T18:30:00.000Z'],
    ["TZ='UTC' @daily", start, '2026-03-29T00:00:00.000Z'],
    ['TZ=Local @hourly', start, '2026-03-28T13:00:00.000Z'],
    ['@every 1.9s', start, '2026-03-28T12:34:57.000Z'],
    ['0 0 * * 7', start, '2026-03-29T00:00:00.000Z'],
    ['0 0 * * fri-mon', '2026-03-31T00:00:00Z', '2026-04-03T00:00:00.000Z'],
    ['0 22-2 * * *', start, '2026-03-28T22:00:00.000Z'],
    ['0 22-2/2 * * *', '2026-03-28T22:00:00Z', '2026-03-29T00:00:00.000Z'],
    ['0 0 * nov-feb *', start, '2026-11-01T00:00:00.000Z'],
    ['0 0 ? * *', start, '2026-03-29T00:00:00.000Z'],
    ['34 12 * * *', start, '2026-03-29T12:34:00.000Z'],
    ['34,35 12 * * *', start, '2026-03-28T12:35:00.000Z'],
    ['59 12 * * *', '2026-03-28T12:59:00Z', '2026-03-29T12:59:00.000Z'],
    ['*/20 * * * *', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00.000Z'],
    ['0 0 31 * *', '2026-03-31T00:00:00Z', '2026-05-31T00:00:00.000Z'],
    ['+5 1 01 * *', start, '2026-04-01T01:05:00.000Z'],
    ['*-7 3 * * *', start, '2026-03-29T03:00:00.000Z'],
    ['7 25/2 * * *', '2026-03-28T23:30:00Z', '2026-03-29T01:07:00.000Z'],
  ])('%s', (source, after, expected) => {
    expect(next(source, after)).toBe(expected);
  });

  test.each([
    // In the night of 29 March the clock jumps from 2 to 3: what it jumped over is made up for in the next hour.
    ['Europe/Vienna', '30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['Europe/Vienna', '30 2 * * *', '2026-03-29T01:30:00Z', '2026-03-30T00:30:00.000Z'],
    // In the night of 25 October it goes back from 3 to 2: that hour comes twice, and so does the job.
    ['Europe/Vienna', '30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['Europe/Vienna', '30 2 * * *', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00.000Z'],
    // There was no midnight in São Paulo on 4 November 2018.
    ['America/Sao_Paulo', '0 0 * * *', '2018-11-03T12:00:00Z', '2018-11-05T02:00:00.000Z'],
    ['America/Sao_Paulo', '0 4 4 * *', '2018-10-20T12:00:00Z', '2018-11-04T06:00:00.000Z'],
    // Samoa crossed the date line and had no 30 December 2011; Kwajalein had no 21 August 1993.
    ['Pacific/Apia', '* * 8 * *', '2011-12-29T10:00:00Z', '2012-01-07T10:00:00.000Z'],
    ['Pacific/Apia', '0 6 31 12 *', '2011-12-28T10:00:00Z', '2011-12-30T16:00:00.000Z'],
    ['Pacific/Apia', '0 0 30 12 *', '2011-12-28T10:00:00Z', '2012-12-29T10:00:00.000Z'],
    ['Pacific/Kwajalein', '0 0 22 * *', '1993-08-19T12:00:00Z', '1993-08-21T12:00:00.000Z'],
    ['Australia/Lord_Howe', '0 0 1 1 *', '2026-06-01T00:00:00Z', '2026-12-31T13:00:00.000Z'],
  ])('in %s, %s after %s', (zone, source, after, expected) => {
    expect(next(`CRON_TZ=${zone} ${source}`, after)).toBe(expected);
  });

  test.each(['0 0 31 2 *', ', * * * *', '@manual', '@triggered', 'CRON_TZ=Asia/Tokyo @none'])(
    'is the zero time where there will be none: %s',
    (source) => {
      expect(next(source, start)).toBe('0001-01-01T00:00:00.000Z');
    },
  );
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
    '* * * * 8',
    '-1 * * * *',
    '1- * * * *',
    '1-70 * * * *',
    '*/60 * * * *',
    '1/2/3 * * * *',
    '31/2 0 31/2 * *',
    'H * * * *',
    '0 0 L * *',
    '0 0 15W * *',
    '0 0 * * fri#3',
    '0 0 * * friday',
    ' @hourly',
    '@hourly ',
    '@Hourly',
    '@every 500ms',
    '@every -1h',
    '@every 3000000h',
    '@every  1h',
    'CRON_TZ=UTC',
    'CRON_TZ=UTC ',
    'CRON_TZ= 0 0 * * *',
    'CRON_TZ=europe/vienna 0 0 * * *',
    'CRON_TZ=+01:00 0 0 * * *',
    `0 0 * * ${','.repeat(1100)}`,
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
