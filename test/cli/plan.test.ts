import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

const nowhere = 'http://127.0.0.1:1';

describe('muster plan', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  beforeEach(async () => {
    fleet = await startConsulFleet({ seed: 'plan', services: 0, instances: 0 });
    place = await makeWorkplace(consulConfig(fleet.url));
    fleet.replace(smallWorld(3));
    await place.here(['run']);
  });
  afterEach(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  const job = (job_name: string, server: string, services?: readonly string[]) => ({
    job_name,
    consul_sd_configs: [{ server, ...(services && { services }) }],
  });
  const planOf = async (config: object, ...args: string[]) => {
    await place.write('muster.yml', config);
    return place.here(['plan', ...args]);
  };

  test('exits with 0 when nothing would change', async () => {
    expect(await place.here(['plan'])).toEqual({
      code: 0,
      stdout: 'JOB  PROVIDER  OUTCOME  VERSION  TARGETS\napi  consul-0  dry-run  1        3 -> 3\n',
      stderr: '',
    });
  });

  test('exits with 2 when something would, says what comes and goes, and writes nothing', async () => {
    fleet.replace(smallWorld(2));
    const before = await place.files();
    const { code, stdout } = await planOf({
      scrape_configs: [job('api', fleet.url), job('web', fleet.url, ['web-0'])],
    });
    expect({ code, stdout }).toEqual({
      code: 2,
      stdout:
        'JOB  PROVIDER  OUTCOME  VERSION  TARGETS\n' +
        'api  consul-0  dry-run  1        3 -> 2   +0 -1 ~0 targets\n' +
        'web  consul-0  dry-run  0        0 -> 1   +1 -0 ~0 targets\n' +
        '\napi/consul-0: +0 -1 ~0 targets\n- web-2 10.0.0.3:8000\n' +
        '\nweb/consul-0: +1 -0 ~0 targets\n+ web-0 10.0.0.1:8000\n',
    });
    expect(await place.files()).toEqual(before);
    const dry = await place.here(['run', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, stdout]);
  });

  test('foresees what the sum over several lists holds, as a run then does', async () => {
    const all = (count: number) => Array.from({ length: count }, (_, index) => index);
    const config = {
      scrape_configs: all(4).map((team) =>
        job(
          `team-${team}`,
          fleet.url,
          all(3).map((index) => `web-${index * 4 + team}`),
        ),
      ),
    };
    fleet.replace(smallWorld(12));
    await place.write('muster.yml', config);
    await place.here(['run', '--take-over']);
    fleet.replace(smallWorld(4));
    const planned = await planOf(config, '--output', 'json');
    const sum = 'the targets of all providers of this backend server fell too far at once';
    expect([planned.code, planned.stdout.includes(sum)]).toEqual([2, true]);
    const run = await place.here(['run', '--output', 'json']);
    expect(run.stdout).toContain(sum);
  });

  test('exits with 1 where a backend cannot be reached, and shows what the others would do', async () => {
    fleet.replace(smallWorld(4));
    const { code, stdout, stderr } = await planOf({
      scrape_configs: [job('down', nowhere), job('api', fleet.url)],
    });
    expect([code, stderr.split(':')[1]]).toEqual([1, ' down/consul-0']);
    expect(stdout).toContain('api/consul-0: +1 -0 ~0 targets\n+ web-3 10.0.0.4:8000\n');
  });

  test('exits with 1, not with 2, for a configuration that is wrong', async () => {
    const { code, stderr } = await planOf({
      scrape_configs: [{ job_name: 'api', consul_sd_configs: [{ srever: 1 }] }],
    });
    expect([code, stderr.includes('muster plan: ')]).toEqual([1, true]);
    expect((await place.here(['plan', '--output', 'xml'])).code).toBe(1);
  });

  test('says what would be retired, and which list only moves to another job', async () => {
    const { code, stdout } = await planOf({ scrape_configs: [job('renamed', fleet.url)] });
    expect(code).toBe(2);
    expect(stdout.split('\n').slice(2, 4)).toEqual([
      'api/consul-0 moves to renamed/consul-0: both list the same',
      'api/consul-0 (3 targets): it left the configuration, is retired in 15m; "muster retire api --provider consul-0" does it now',
    ]);
  });

  test('says which name a list keeps that stands elsewhere in the file now', async () => {
    const consul_sd_configs = [{ server: fleet.url, services: ['web-0'] }, { server: fleet.url }];
    const { stdout } = await planOf({ scrape_configs: [{ job_name: 'api', consul_sd_configs }] });
    expect(stdout).toContain('api: what stands as consul-1 lists what consul-0 did, and keeps that name\n');
  });

  test('says that an edited SD config is another list, which takes the place of the first', async () => {
    const { stdout } = await planOf({ scrape_configs: [job('api', fleet.url, ['web-0'])] });
    expect(stdout.split('\n').slice(1, 4)).toEqual([
      'api  consul-1  dry-run  0        0 -> 1   +1 -0 ~0 targets',
      'api: what stands as consul-0 lists something else than the published consul-0 does: it becomes consul-1',
      'api/consul-0 (3 targets): it left the configuration, is retired in 15m; "muster retire api --provider consul-0" does it now',
    ]);
  });

  test('says what the gate would hold', async () => {
    fleet.replace(smallWorld(40));
    await place.here(['run']);
    fleet.replace(smallWorld(4));
    const { code, stdout } = await place.here(['plan']);
    expect([code, stdout.split('\n')[1]]).toEqual([
      2,
      'api  consul-0  dry-run  2        40 -> 40  held: the listing fell from 40 to 4 targets: 36 targets stay published ' +
        'until they have been missing for 15m (0s so far); muster accept --job api --provider consul-0',
    ]);
  });

  test('says what a pin keeps from being published', async () => {
    await place.here(['pin', 'api', '--reason', 'we look into it']);
    fleet.replace(smallWorld(4));
    const { code, stdout } = await place.here(['plan']);
    expect([code, stdout.split('\n')[1]]).toEqual([
      2,
      expect.stringMatching(
        /^api {2}consul-0 {2}dry-run {2}\d {8}3 -> 3 {3}held: the list is pinned by .+ \(we look into it\).* add 1, remove 0 and change 0 targets; muster unpin api --provider consul-0$/,
      ),
    ]);
  });

  test('as JSON, each element has a kind', async () => {
    fleet.replace(smallWorld(2));
    const { stdout } = await planOf({ scrape_configs: [job('renamed', fleet.url)] }, '--output', 'json');
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        kind: 'cycle',
        job: 'renamed',
        counts: { added: 2, removed: 0, changed: 0 },
      }),
      {
        kind: 'rename',
        from: { job: 'api', provider: 'consul-0' },
        to: { job: 'renamed', provider: 'consul-0' },
        how: 'moved',
      },
      expect.objectContaining({
        kind: 'retirement',
        job: 'api',
        state: 'waiting',
        targets: 3,
        wait_seconds: 900,
      }),
    ]);
  });

  test('as Markdown, a comment for a pull request: counts first, diffs folded away', async () => {
    fleet.replace(smallWorld(2));
    const config = { scrape_configs: [job('api', fleet.url), job('a|b@c', nowhere)] };
    const { code, stdout } = await planOf(config, '--output', 'markdown');
    expect(code).toBe(1);
    expect(stdout).toContain(
      '### Muster plan: +0 -1 ~0 targets in 1 of 2 providers\n\nOne provider could not be listed:\n\n- **a|b@\u200bc/consul-0**: ',
    );
    expect(stdout.slice(stdout.indexOf('| job'))).toBe(
      '| job | provider | come | go | change | the gate |\n| --- | --- | --- | --- | --- | --- |\n' +
        '| api | consul-0 | 0 | 1 | 0 |  |\n\n' +
        '\n<details><summary>api/consul-0: +0 -1 ~0 targets</summary>\n\n```diff\n- web-2 10.0.0.3:8000\n```\n\n</details>\n',
    );
  });

  test('Markdown is never longer than a comment may be', async () => {
    fleet.replace(smallWorld(300, { tags: ['x'.repeat(2000)] }));
    const jobs = Array.from({ length: 12 }, (_, number) => job(`job-${number}`, fleet.url));
    const { stdout } = await planOf({ scrape_configs: jobs }, '--output', 'markdown');
    expect(stdout.length).toBeLessThan(65_536);
    expect(stdout).toContain('… and 100 more\n```');
  });
});
