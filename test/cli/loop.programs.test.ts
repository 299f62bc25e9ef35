import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

describe('muster run --loop', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'loop', services: 0, instances: 0 });
  });
  beforeEach(() => {
    fleet.faults.clear();
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  test('runs round after round, logs, and ends with 0', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await using running = place.start(['run', '--loop', '--interval', '1s', '--log-format', 'json']);
    await running.waitFor(/"outcome":"published"/);
    fleet.replace(smallWorld(3));
    await running.waitFor(/"outcome":"published"[\s\S]*"outcome":"published"/);
    const { code, stdout, stderr } = await running.stop('SIGTERM');
    expect([code, stdout]).toEqual([0, '']);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines[0]).toMatchObject({ level: 'info', msg: 'started', muster: expect.stringMatching(/^\d/) });
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'ended' });
  });

  test('lets a round under way finish after SIGTERM, and publishes it', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    fleet.faults.add({ kind: 'latency', ms: 1500 }, { when: ({ path }) => path.endsWith('/web-1') });
    const before = fleet.requests.length;
    await using running = place.start(['run', '--loop', '--grace', '60s']);
    while (!fleet.requests.slice(before).some(({ path }) => path.endsWith('/web-1')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    const { code, stderr } = await running.stop('SIGTERM');
    expect([code, /outcome=published/.test(stderr)]).toEqual([0, true]);
    expect(await place.files('.muster/store/targets')).toHaveLength(1);
  });

  test('ends a round that hangs when the grace is over, and publishes nothing', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    fleet.faults.add({ kind: 'hang' }, { when: ({ path }) => path.endsWith('/web-1') });
    const before = fleet.requests.length;
    await using running = place.start(['run', '--loop', '--grace', '100ms']);
    while (!fleet.requests.slice(before).some(({ path }) => path.endsWith('/web-1')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await running.stop('SIGTERM')).code).toBe(0);
    expect(await place.files('.muster/store')).toEqual([]);
  });

  test('starts the next round at once on SIGHUP', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await using running = place.start(['run', '--loop', '--interval', '1h']);
    await running.waitFor(/outcome=published/);
    fleet.replace(smallWorld(3));
    running.signal('SIGHUP');
    await running.waitFor(/the next round starts at once[\s\S]*outcome=published/);
    expect((await running.stop('SIGTERM')).code).toBe(0);
  });

  test.each([
    [['--dry-run'], '--dry-run shows one round: leave --loop out'],
    [['--output', 'json'], '--loop logs: --log-format json is what --output json is elsewhere'],
    [['--interval', '1ms'], '--interval is a duration from 1000ms to 24d, as in 20s, not "1ms"'],
  ])('refuses %j', async (args, message) => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    expect(await place.run(['run', '--loop', ...args])).toEqual({
      code: 2,
      stdout: '',
      stderr: `muster run: ${message}; see "muster run --help"\n`,
    });
  });
});
