import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

let fleet: ConsulFleet;
beforeAll(async () => {
  fleet = await startConsulFleet({ seed: 'cost', services: 0, instances: 0 });
  fleet.replace(smallWorld(2));
});
afterAll(() => fleet?.stop());

const place = () =>
  makeWorkplace({
    ...consulConfig(fleet.url, { consul_sd_configs: [{ server: fleet.url, refresh_interval: '1m' }] }),
    store: 'store',
  });

/** The rows by what they are of, and the last element. */
function readBill(stdout: string) {
  const elements: readonly Record<string, unknown>[] = JSON.parse(stdout);
  const rows = new Map(elements.map((one) => [one.what, one]));
  return { rows, total: elements.at(-1), count: elements.length };
}

describe('muster cost', () => {
  test('without a status estimates by the interval, and says so', async () => {
    await using here = await place();
    const { code, stdout, stderr } = await here.here(['cost']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^WHAT +A MONTH +UNIT +UNIT PRICE +DOLLARS$/),
      expect.stringMatching(/^Lambda consul, 768 MB +9,860 +GB-second +0.0000133334 +0\.13$/),
      expect.stringMatching(/^Lambda invocations +43,800 +invocation +0\.0000002 +0\.01$/),
      ...Array.from({ length: 12 }, () => expect.any(String)),
      expect.stringMatching(/^CloudWatch dashboard +1 +dashboard +3 +3\.00$/),
      expect.stringMatching(/^together +8\.04$/),
      '',
      'List prices of us-east-1, 2026-11-28, without free tiers.',
      'Functions tick at rate(1 minute), with consul 768 MB, on Arm.',
      '1 of 1 providers and outputs have no status: the estimate assumes cycles of 0.25 s, no changes and no bytes.',
      'A cycle takes as long as the last one, no matter where that ran.',
      '1 sidecar (same-region), at --interval 15s.',
      'Not counted: NAT and endpoints, secrets, alarm mails, queues.',
      '',
    ]);
    expect((await here.here(['cost', '--offline'])).stdout).toBe(stdout);
  });

  test('takes durations, sizes and changes from the store', async () => {
    await using here = await place();
    await here.here(['run']);
    fleet.replace(smallWorld(3));
    await here.here(['run']);
    const status = JSON.parse(await here.read('store/status/api/consul-0.json'));
    await here.write('store/status/api/consul-0.json', { ...status, duration_seconds: 2 });
    const { rows, total } = readBill((await here.here(['cost', '--output', 'json'])).stdout);
    // 43,800 × (0.05 + 2) s × 0.75 GB, and one change within the day that the journal is old at least.
    expect(rows.get('Lambda consul, 768 MB')).toEqual({
      ...{ kind: 'cost', what: 'Lambda consul, 768 MB', quantity: 67_342.5, unit: 'GB-second' },
      ...{ unit_price: 0.0000133334, dollars: 0.897904, source: 'AWS Lambda pricing: Arm, first tier' },
    });
    expect(rows.get('S3 reads of functions')).toMatchObject({ quantity: 219_091 });
    const published = Buffer.byteLength(await here.read('store/targets/api/consul-0.json'));
    expect(rows.get('transfer to sidecars, same-region')?.quantity).toBeCloseTo(
      (published * 30.4167) / 1e9,
      9,
    );
    expect(total).toMatchObject({ kind: 'total', region: 'us-east-1', prices_of: '2026-11-28' });
    expect(total?.assumed).toEqual(expect.not.arrayContaining([expect.stringMatching(/no status/)]));
  });

  test.each([
    [
      ['--schedule', 'hourly'],
      '--schedule is as in "rate(5 minutes)" or "cron(0/10 * * * ? *)", not "hourly"',
    ],
    [['--memory', 'much'], '--memory is a whole number from 1 up, not "much"'],
    [['--sidecars-in', 'mars'], '--sidecars-in is same-region or other-region or internet, not "mars"'],
  ])('refuses %j', async (args, message) => {
    await using here = await place();
    expect(await here.here(['cost', '--offline', ...args])).toEqual({
      ...{ code: 2, stdout: '' },
      stderr: `muster cost: ${message}; see "muster cost --help"\n`,
    });
  });
});
