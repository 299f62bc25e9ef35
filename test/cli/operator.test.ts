import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
const ann = { env: { MUSTER_BY: 'ann' } };

describe('history and undo, by the command line', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'operator', services: 0, instances: 0 });
    place = await makeWorkplace(consulConfig(fleet.url));
    for (const count of [12, 14]) {
      fleet.replace(smallWorld(count));
      await place.here(['run']);
    }
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  test('show prints a list as it was, diff what changed since', async () => {
    const { stdout } = await place.here(['show', 'api', '--version', '1']);
    expect(stdout.split('\n').length).toBe(14);
    expect(stdout).toMatch(
      /^api\/consul-0 version 1: 12 targets\n {2}10\.0\.0\.1:8000 \{"__meta_consul_dc":"dc1",/,
    );
    expect(await place.here(['diff', 'api', '1'])).toEqual({
      code: 0,
      stdout:
        'api/consul-0 version 1 to 2: +2 -0 ~0 targets\n+ web-12 10.0.0.13:8000\n+ web-13 10.0.0.14:8000\n',
      stderr: '',
    });
    const json = await place.here(['diff', 'api', '2', '1', '--output', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject([
      {
        kind: 'diff',
        job: 'api',
        provider: 'consul-0',
        from: 2,
        to: 1,
        summary: { added: 0, removed: 2, changed: 0 },
      },
    ]);
    const list = await place.here(['show', 'api', '--at', '0s', '--output', 'json']);
    expect(JSON.parse(list.stdout)).toMatchObject([{ kind: 'list', job: 'api', version: 2 }]);
  });

  test('rollback with a pin is published, and told by status, held and history with who and why', async () => {
    const command = ['rollback', 'api', '--to', '1', '--pin', '2h', '--reason', 'bad deploy'];
    const { code, stdout, stderr } = await place.here(command, ann);
    expect([code, stdout.replace(time, 'AT').split('\n'), stderr]).toEqual([
      0,
      [
        'api/consul-0: version 3, +0 -2 ~0 targets; pinned until AT',
        '  - web-12 10.0.0.13:8000',
        '  - web-13 10.0.0.14:8000',
        '',
      ],
      '',
    ]);
    const again = await place.here(command, ann);
    expect(again.stdout.replace(time, 'AT')).toBe(
      'api/consul-0: nothing to do, it is so at version 3; pinned until AT\n',
    );
    await place.here(['run']);
    const [status, held, history] = await Promise.all([
      place.here(['status', '--output', 'json']),
      place.here(['held']),
      place.here(['history', 'api', '--output', 'json', '--since', '1h']),
    ]);
    const [row] = JSON.parse(status.stdout);
    expect(row).toMatchObject({
      targets: 12,
      state: expect.stringMatching(
        /^held: the list is pinned by ann \(bad deploy\) until .*: this cycle would add 2, remove 0 and/,
      ),
    });
    expect([held.code, held.stdout.replace(time, 'AT').split('\n').slice(-2)]).toEqual([
      1,
      ['To publish what is found again: muster unpin api --provider consul-0', ''],
    ]);
    expect(JSON.parse(history.stdout)).toMatchObject([
      { kind: 'version', version: 3, action: 'rollback', by: 'ann', why: 'bad deploy', targets: 12 },
      { kind: 'version', version: 2, reason: 'discovered', targets: 14 },
      { kind: 'version', version: 1, reason: 'discovered', targets: 12 },
    ]);
  });

  test('an acceptance under a pin says that it counts only once the pin ends', async () => {
    const { code, stdout } = await place.here(['accept', '--job', 'api']);
    expect([code, stdout.replace(time, 'AT').split('\n')]).toEqual([
      0,
      [
        'api/consul-0: accepted that 0 targets go; valid until AT',
        '  the list is pinned by ann (bad deploy) until AT: the acceptance counts only if the pin ends within its hour; muster unpin api --provider consul-0 ends it',
        '',
      ],
    ]);
  });

  test('the life of a target tells who took it away', async () => {
    const { code, stdout } = await place.here(['history', '--target', '10.0.0.14:8000', '--output', 'json']);
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      [
        { kind: 'event', job: 'api', version: 3, reason: 'rollback', by: 'ann', change: 'removed' },
        { kind: 'event', job: 'api', version: 2, reason: 'discovered', change: 'added' },
      ],
    ]);
    expect(await place.here(['history', '--target', '10.9.9.9:1'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'muster history: 10.9.9.9:1 is in no change of 1 journals\n',
    });
  });

  test('unpin lets the next cycle publish what it finds', async () => {
    const { stdout } = await place.here(['unpin', 'api'], ann);
    expect(stdout).toBe('api/consul-0: version 4, +0 -0 ~0 targets\n');
    await place.here(['run']);
    const { stdout: list } = await place.here(['show', 'api', '--output', 'json']);
    expect(JSON.parse(list)[0].groups).toHaveLength(14);
  });

  test('reject keeps what is held, and a rollback that removes too much is refused', async () => {
    fleet.replace(smallWorld(4));
    await place.here(['run']);
    expect((await place.here(['reject', 'api', '--reason', 'a rack is down'], ann)).code).toBe(0);
    const { stdout } = await place.here(['status', '--output', 'json']);
    expect(JSON.parse(stdout)[0]).toMatchObject({ targets: 14, rejected: { by: 'ann', targets: 10 } });
    fleet.replace(smallWorld(40));
    await place.here(['run']);
    const refused = await place.here(['rollback', 'api', '--to', '1'], ann);
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('would remove 28 of 40 targets'),
    });
    expect((await place.here(['reject', 'api'], ann)).code).toBe(1);
  });

  test('wrong usage is told', async () => {
    const results = await Promise.all([
      place.here(['rollback', 'api']),
      place.here(['show', 'api', '--at', 'yesterday']),
      place.here(['diff', 'api']),
      place.here(['pin', 'api', '--for', '0s']),
      place.here(['history']),
    ]);
    expect(results.map(({ code, stderr }) => [code, stderr.split(';')[0]])).toEqual([
      [2, 'muster rollback: give --to or --at'],
      [2, 'muster show: --at is a time as in 2026-11-28T03:00Z, or a duration ago as in 2h, not "yesterday"'],
      [2, 'muster diff: name the version or time to compare with, as in: muster diff api 2h'],
      [2, 'muster pin: --for is a duration from 1s to 1y, as in 2h, not "0s"'],
      [2, 'muster history: name the job'],
    ]);
  });
});
