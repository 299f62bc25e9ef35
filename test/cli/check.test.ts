import { describe, expect, test } from '@jest/globals';
import { makeWorkplace } from '../support/workplace.ts';

describe('muster check', () => {
  test.each([
    [['30s'], 'api-0/consul-0 (30s)', 13],
    [['2m', '30s', '30s'], 'api-1/consul-0 (30s) and 1 more', 26],
    [['15s', '2m', '1s'], 'api-0/consul-0 (15s) and 1 more', 46],
  ])(
    'tells what costs more as a function than it seems: intervals of %j',
    async (intervals, which, dollars) => {
      await using place = await makeWorkplace(config(intervals, 's3://my-bucket/muster'));
      const { code, stderr } = await place.here(['check']);
      expect([code, stderr.split('\n').slice(1)]).toEqual([
        0,
        [
          'Hint: on AWS it needs osls deploy --param="backends=consul"',
          `Hint: ${which}: as an AWS function at rate(1 minute) each invocation waits for the next cycle and is billed for ` +
            `that, about ${dollars} dollars a month in all; "refresh_interval: 1m" avoids it`,
          '',
        ],
      ]);
    },
  );

  test('tells it of kube state, too, and which backends are needed', async () => {
    const kube_state_metrics = [{ name: 'prod', kubernetes: { refresh_interval: '30s' } }];
    const place = await makeWorkplace({ ...config(['1m'], 's3://my-bucket/muster'), kube_state_metrics });
    await using _ = place;
    const { stderr } = await place.here(['check']);
    expect(stderr.split('\n').slice(1, 3)).toEqual([
      'Hint: on AWS it needs osls deploy --param="backends=consul,kube-state"',
      expect.stringMatching(/^Hint: kube state prod \(30s\): .* about 13 dollars a month/),
    ]);
  });

  test.each([
    [['1m', '5m', '59s', '40s'], 's3://my-bucket/muster', /^Hint: on AWS it needs/],
    [['30s'], 'folder', / is valid: /],
    [[], 's3://my-bucket/muster', / is valid: /],
  ])('has nothing to say of the costs of %j in %s', async (intervals, store, last) => {
    await using place = await makeWorkplace(config(intervals, store));
    const { code, stderr } = await place.here(['check']);
    expect([code, stderr.split('\n').at(-2)]).toEqual([0, expect.stringMatching(last)]);
  });
});

function config(intervals: readonly string[], store: string): object {
  const scrape_configs = intervals.map((refresh_interval, index) => ({
    job_name: `api-${index}`,
    consul_sd_configs: [{ refresh_interval }],
  }));
  return { store, scrape_configs };
}
