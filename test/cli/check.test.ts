import { describe, expect, test } from '@jest/globals';
import { makeWorkplace } from '../support/workplace.ts';

describe('muster check', () => {
  test.each([
    [['30s'], 'api-0/consul-0 (30s)'],
    [['1m', '59s'], 'api-1/consul-0 (59s)'],
    [['15s', '2m', '2s'], 'api-0/consul-0 (15s) and 1 other provider'],
  ])('tells what costs more as a function than it seems: intervals of %j', async (intervals, which) => {
    await using place = await makeWorkplace(config(intervals, 's3://my-bucket/muster'));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').slice(1)]).toEqual([
      0,
      [
        `Hint: ${which} with a refresh_interval below 1m: as an AWS function, which ticks once a minute, each waits for its ` +
          'next cycle and is billed for that; "refresh_interval: 1m" avoids it',
        '',
      ],
    ]);
  });

  test('takes a refresh_interval of 0s, as Prometheus does, and says what it means', async () => {
    await using place = await makeWorkplace(config(['0s', '30s'], 'folder'));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').slice(1)]).toEqual([
      0,
      [
        'Hint: api-0/consul-0 is listed every second, the shortest interval: "refresh_interval: 0s" means 1s',
        '',
      ],
    ]);
  });

  test.each([
    [['1m', '5m'], 's3://my-bucket/muster'],
    [['30s'], 'folder'],
    [[], 's3://my-bucket/muster'],
  ])('has nothing more to say of %j in %s', async (intervals, store) => {
    await using place = await makeWorkplace(config(intervals, store));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, expect.stringMatching(/ is valid: /)]);
  });
});

function config(intervals: readonly string[], store: string): object {
  const scrape_configs = intervals.map((refresh_interval, index) => ({
    job_name: `api-${index}`,
    consul_sd_configs: [{ refresh_interval }],
  }));
  return { store, scrape_configs };
}
