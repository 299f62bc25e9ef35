import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

const held =
  'the listing fell from 12 to 4 targets: 8 targets stay published until they have been missing for 15m (0s so far)';
const gone = ['10', '11', '4', '5', '6', '7', '8', '9'].map((n) => `- web-${n} 10.0.0.${Number(n) + 1}:8000`);

const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

describe('a drop in targets, from run to accept', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'guard', services: 0, instances: 0 });
    place = await makeWorkplace(consulConfig(fleet.url));
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  test('before the first cycle there is no status, no history, and nothing to accept', async () => {
    const results = await Promise.all([
      place.here(['status']),
      place.here(['history', '--job', 'api']),
      place.here(['accept', '--job', 'api']),
    ]);
    expect(results).toEqual([
      {
        code: 0,
        stdout:
          'JOB  PROVIDER  VERSION  TARGETS  LAST SUCCESS  LAST CHANGE  STATE\n' +
          'api  consul-0  0        0        never         never        no cycle yet\n',
        stderr: '',
      },
      { code: 0, stdout: '', stderr: 'Job api has no change yet.\n' },
      { code: 1, stdout: '', stderr: 'muster accept: nothing is held for job api\n' },
    ]);
  });

  test('is held by run, which is no failure, and the target file stays', async () => {
    fleet.replace(smallWorld(12));
    await place.here(['run']);
    const file = await place.read('.muster/store/targets/api/consul-0.json');
    fleet.replace(smallWorld(4));
    const { code, stdout, stderr } = await place.here(['run']);
    expect({ code, stderr, row: stdout.split('\n')[1] }).toEqual({
      code: 0,
      stderr: '',
      row: `api  consul-0  held     1        12       held: ${held}; muster accept --job api --provider consul-0`,
    });
    expect(await place.read('.muster/store/targets/api/consul-0.json')).toBe(file);
  });

  test('shows in the status', async () => {
    const [table, json] = await Promise.all([
      place.here(['status']),
      place.here(['status', '--output', 'json']),
    ]);
    const [, row] = table.stdout.split('\n');
    expect(row?.replace(/ +/g, ' ').replace(/ \d+s \d+s /, ' AGE AGE ')).toBe(
      `api consul-0 1 12 AGE AGE held: ${held}; muster accept --job api --provider consul-0`,
    );
    expect(JSON.parse(json.stdout)).toEqual([
      expect.objectContaining({
        ...{ job: 'api', provider: 'consul-0', configured: true, version: 1, targets: 12, failures: 0 },
        state: `held: ${held}`,
        held: {
          ...{ kind: 'drop', listed: 4, targets: 8, message: held },
          since: expect.stringMatching(time),
          until: expect.stringMatching(time),
        },
      }),
    ]);
  });

  test('is published by the next run once it is accepted', async () => {
    const accepted = await place.here(['accept', '--job', 'api', '--provider', 'consul-0']);
    expect({ ...accepted, stdout: accepted.stdout.replace(time, 'AT').split('\n') }).toEqual({
      code: 0,
      stdout: ['api/consul-0: accepted that 8 targets go; valid until AT', ...gone, ''],
      stderr: '',
    });
    const { code, stdout } = await place.here(['run']);
    expect({ code, row: stdout.split('\n')[1] }).toEqual({
      code: 0,
      row: 'api  consul-0  published  2        4        +0 -8 ~0 targets',
    });
    const again = await place.here(['accept', '--job', 'api']);
    expect(again).toEqual({ code: 1, stdout: '', stderr: 'muster accept: nothing is held for job api\n' });
  });

  test('is in the history, newest change first, with what it took away', async () => {
    const [table, json, version, limited, missing] = await Promise.all([
      place.here(['history', '--job', 'api']),
      place.here(['history', '--job', 'api', '--output', 'json']),
      place.here(['history', '--job', 'api', '--show', '2']),
      place.here(['history', '--job', 'api', '--limit', '1']),
      place.here(['history', '--job', 'api', '--show', '3']),
    ]);
    expect(table.stdout.replace(time, 'AT'.padEnd(24))).toBe(
      'PROVIDER  VERSION  AT                        REASON      ADDED  REMOVED  CHANGED\n' +
        'consul-0  2        AT                        accepted    +0     -8       ~0\n' +
        'consul-0  1        AT                        discovered  +12    -0       ~0\n',
    );
    expect(JSON.parse(json.stdout)).toEqual(
      [
        { version: 2, reason: 'accepted', summary: { added: 0, removed: 8, changed: 0 } },
        { version: 1, reason: 'discovered', summary: { added: 12, removed: 0, changed: 0 } },
      ].map((change) => ({
        ...{ job: 'api', provider: 'consul-0', at: expect.stringMatching(time), run: expect.any(String) },
        ...change,
      })),
    );
    expect(version.stdout.replace(time, 'AT').split('\n')).toEqual([
      'api/consul-0 version 2, AT, accepted: +0 -8 ~0 targets',
      ...gone,
      '',
    ]);
    expect(limited.stdout.split('\n').length).toBe(3);
    expect(missing).toEqual({
      code: 1,
      stdout: '',
      stderr: 'muster history: there is no version 3 in the journal of job api\n',
    });
  });

  test('a failing provider says so in its status, with its last good list', async () => {
    fleet.faults.add({ kind: 'status', status: 403, body: 'ACL not found' });
    await place.here(['run']);
    await place.here(['run']);
    const { stdout } = await place.here(['status', '--output', 'json']);
    const message = `GET ${fleet.url}/v1/agent/self: HTTP 403 Forbidden: ACL not found: check what the credentials allow`;
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        ...{ version: 2, targets: 4, failures: 2, error: { kind: 'denied', message } },
        state: `failing (2 in a row): ${message}`,
      }),
    ]);
    fleet.faults.clear();
  });

  test('a job that left the configuration keeps its history', async () => {
    await place.write('muster.yml', {
      scrape_configs: [{ job_name: 'other', consul_sd_configs: [{ server: fleet.url }] }],
    });
    const status = await place.here(['status']);
    expect(status.stdout).toContain('left the configuration, will be retired after retire_after');
    expect(await place.here(['retire', 'api'])).toEqual({
      code: 0,
      stdout: 'api/consul-0: retired\n',
      stderr: '',
    });
    const { code, stdout } = await place.here(['history', '--job', 'api', '--show', '3']);
    expect({ code, lines: stdout.split('\n').slice(1, -1) }).toEqual({
      code: 0,
      lines: [0, 1, 2, 3].map((n) => `- web-${n} 10.0.0.${n + 1}:8000`),
    });
    expect(stdout).toContain(', retired: +0 -4 ~0 targets\n');
  });
});
