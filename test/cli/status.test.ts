import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

let fleet: ConsulFleet;
beforeAll(async () => {
  fleet = await startConsulFleet({ seed: 'status', services: 0, instances: 0 });
  fleet.replace(smallWorld(2));
});
afterAll(() => fleet?.stop());

/** A place with one cycle behind it. */
async function placeWithStatus(): Promise<Workplace> {
  const place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
  await place.here(['run']);
  return place;
}

const broken = 'store: store\nscrape_configs: [{job_name: api, consul_sd_configs: [{servr: x}]}]';

describe('a broken muster.yml', () => {
  test('still names the store, whose status and history are shown, and says that it is broken', async () => {
    await using place = await placeWithStatus();
    await place.write('muster.yml', broken);
    const [status, history] = await Promise.all([
      place.here(['status']),
      place.here(['history', '--job', 'api']),
    ]);
    expect([status, history].map(({ code, stdout }) => [code, stdout.split('\n')[1]])).toEqual([
      [0, expect.stringMatching(/^api +consul-0 +1 +2 +\ds +\ds +ok$/)],
      [0, expect.stringMatching(/^consul-0 +1 +.* discovered +/)],
    ]);
    expect(status.stderr).toMatch(
      /^muster status: the configuration is broken, this is only what file:\S+\/store has: \S+muster\.yml:2:55 [^\n]*did you mean "server"\?\n$/,
    );
  });

  test('whose store cannot be told is an error, and --store does without it', async () => {
    await using place = await placeWithStatus();
    await place.write('muster.yml', 'scrape_configs: [');
    const store = ['--store', `${place.folder}/store`];
    expect((await place.here(['status'])).code).toBe(2);
    const named = await Promise.all([
      place.here(['status', ...store]),
      place.here(['history', '--job', 'api', ...store]),
      place.here(['accept', '--job', 'api', ...store]),
    ]);
    expect(named.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [1, 'muster accept: nothing is held for job api\n'],
    ]);
  });

  test.each(['', '# all gone\n', '---\n'])('that was emptied (%j) is an error everywhere', async (text) => {
    await using place = await makeWorkplace(text);
    for (const command of [['check'], ['run'], ['targets', '--job', 'api']])
      expect(await place.here(command)).toEqual({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/muster\.yml:1:1 is empty\nmuster \w+: 1 problem in \S+\n$/),
      });
  });
});

describe('muster status of providers', () => {
  const jobs = (...selectors: readonly object[]) => ({
    ...{ store: 'store', defaults: { retire_after: '0s' } },
    scrape_configs: [
      {
        job_name: 'api',
        consul_sd_configs: selectors.map((selector) => ({ server: fleet.url, ...selector })),
      },
    ],
  });
  const rowsOf = (stdout: string) =>
    stdout
      .split('\n')
      .slice(1, -1)
      .map((row) => row.replace(/ +/g, ' ').replace(/ \d+s(?= )/g, ' AGE'));

  test('knows what is configured by the name that the store has for it, wherever it stands', async () => {
    await using place = await makeWorkplace(jobs({ tags: ['a'] }, {}));
    await place.here(['run']);
    await place.write('muster.yml', jobs({}));
    expect(rowsOf((await place.here(['status'])).stdout)).toEqual([
      'api consul-1 1 2 AGE AGE ok',
      'api consul-0 0 0 AGE never left the configuration, will be retired after retire_after; muster retire api --provider consul-0',
    ]);
  });

  test('says what cannot be retired without an operator, which a monitor shall see', async () => {
    fleet.replace(smallWorld(30));
    const config = jobs({});
    const other = { job_name: 'web', consul_sd_configs: [{ server: fleet.url, tags: ['a'] }] };
    await using place = await makeWorkplace({
      ...config,
      scrape_configs: [...config.scrape_configs, other],
    });
    await place.here(['run']);
    await place.write('muster.yml', { ...config, scrape_configs: [other] });
    const held = '30 of 30 published targets would be retired: they stay until that is accepted';
    expect((await place.here(['run'])).stderr).toContain(`not retired: ${held}`);
    const { code, stdout, stderr } = await place.here(['status', '--check']);
    expect([code, rowsOf(stdout)[1], stderr]).toEqual([
      1,
      `api consul-0 1 30 AGE AGE left the configuration, not retired: ${held}; muster accept --retired`,
      'muster status: 1 of 2 not ok\n',
    ]);
    await place.here(['accept', '--retired']);
    expect((await place.here(['run'])).stderr).toContain('api/consul-0 (30 targets): retired');
    fleet.replace(smallWorld(2));
  });
});

describe('muster status for a monitor', () => {
  test('--check exits with 0 while all is ok, and with 1 when a provider fails', async () => {
    await using place = await placeWithStatus();
    expect((await place.here(['status', '--check'])).code).toBe(0);
    fleet.faults.add({ kind: 'status', status: 403 });
    await place.here(['run']);
    fleet.faults.clear();
    const { code, stdout, stderr } = await place.here(['status', '--check']);
    expect([code, stderr]).toEqual([1, 'muster status: 1 of 1 not ok\n']);
    expect(stdout).toContain('failing (1 in a row): ');
  });

  test('--check exits with 1 before the first cycle, and once the last success is too old', async () => {
    await using place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
    expect((await place.here(['status', '--check'])).code).toBe(1);
    await place.here(['run']);
    const path = 'store/status/api/consul-0.json';
    const status: object = JSON.parse(await place.read(path));
    const old = new Date(Date.now() - 3 * 3_600_000).toISOString();
    await place.write(path, { ...status, last_attempt: old, last_success: old });
    const { code, stdout } = await place.here(['status', '--check']);
    expect([code, stdout.split('\n')[1]]).toEqual([
      1,
      expect.stringContaining('stale: no cycle has succeeded for 3h'),
    ]);
    expect((await place.here(['status', '--check', '--stale-after', '4h'])).code).toBe(0);
  });

  test('--watch shows it again until it is interrupted, which is its end', async () => {
    await using place = await placeWithStatus();
    const stop = new AbortController();
    let shown = '';
    const out = async (text: string | Uint8Array) => {
      shown += Buffer.from(text);
      if (/(?:api +consul-0 [^\n]*ok\n[\s\S]*){2}/.test(shown)) stop.abort();
    };
    expect((await place.here(['status', '--watch'], { out, signal: stop.signal })).code).toBe(0);
    expect((await place.here(['status', '--watch', '--check'])).code).toBe(2);
  });
});
