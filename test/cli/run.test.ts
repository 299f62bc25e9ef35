import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

describe('muster run', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'run', services: 0, instances: 0 });
  });
  beforeEach(() => {
    fleet.faults.clear();
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  test('publishes into the store, then finds nothing to do', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    expect(await place.here(['run'])).toEqual({
      code: 0,
      stdout:
        'JOB  PROVIDER  OUTCOME    VERSION  TARGETS\n' +
        'api  consul-0  published  1        2        +2 -0 ~0 targets\n',
      stderr: '',
    });
    expect(await stored(place)).toEqual([
      'journal/api/consul-0/000000000001.json.gz',
      'snapshots/api/consul-0.json.gz',
      'status/api/consul-0.json',
      'store.json',
      'targets/api/consul-0.json',
    ]);
    expect(await place.here(['run'])).toEqual({
      code: 0,
      stdout: 'JOB  PROVIDER  OUTCOME    VERSION  TARGETS\napi  consul-0  unchanged  1        2\n',
      stderr: '',
    });
  });

  test('--dry-run prints the change as a diff and writes nothing', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    expect(await place.here(['run', '--dry-run'])).toEqual({
      code: 0,
      stdout:
        'JOB  PROVIDER  OUTCOME  VERSION  TARGETS\n' +
        'api  consul-0  dry-run  0        0 -> 2   +2 -0 ~0 targets\n' +
        '\napi/consul-0: +2 -0 ~0 targets\n' +
        '+ web-0 10.0.0.1:8000\n' +
        '+ web-1 10.0.0.2:8000\n',
      stderr: '',
    });
    expect(await stored(place)).toEqual([]);

    await place.here(['run']);
    const before = await contents(place);
    fleet.replace({ ...smallWorld(2), instances: smallWorld(2, { port: 8001 }).instances.slice(1) });
    const { code, stdout } = await place.here(['run', '--dry-run']);
    expect({ code, diff: stdout.split('\n').slice(3, -1) }).toEqual({
      code: 0,
      diff: [
        'api/consul-0: +1 -2 ~0 targets',
        '- web-0 10.0.0.1:8000',
        '+ web-1 10.0.0.2:8001',
        '- web-1 10.0.0.2:8000',
      ],
    });
    expect(await contents(place)).toEqual(before);
  });

  test('a change of labels is shown label by label', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await place.here(['run']);
    fleet.replace(smallWorld(2, { tags: ['canary'] }));
    const { stdout } = await place.here(['run', '--dry-run']);
    expect(stdout.split('\n').slice(3, -1)).toEqual([
      'api/consul-0: +0 -0 ~2 targets',
      '~ web-0 10.0.0.1:8000  __meta_consul_tags: ",," → ",canary,"',
      '~ web-1 10.0.0.2:8000  __meta_consul_tags: ",," → ",canary,"',
    ]);
  });

  test('--output json has the outcome and the change', async () => {
    await using place = await makeWorkplace(
      consulConfig(fleet.url, {
        relabel_configs: [{ target_label: 'team', replacement: 'a' }],
        muster: { labels: 'needed' },
      }),
    );
    const { code, stdout } = await place.here(['run', '--output', 'json']);
    const group = (number: number) => ({
      source: `web-${number}`,
      labels: {},
      targets: [{ __address__: `10.0.0.${number + 1}:8000` }],
    });
    expect({ code, result: JSON.parse(stdout) }).toEqual({
      code: 0,
      result: [
        {
          kind: 'cycle',
          ...{ job: 'api', provider: 'consul-0', outcome: 'published', version: 1, groups: 2, targets: 2 },
          duration_seconds: expect.any(Number),
          requests: expect.any(Number),
          counts: { added: 2, removed: 0, changed: 0 },
          change: { added: [group(0), group(1)], removed: [], changed: [] },
        },
      ],
    });
  });

  test('exits with 1 when a cycle failed, and the others go on', async () => {
    await using place = await makeWorkplace(twoJobs(fleet.url, 'http://127.0.0.1:1'));
    const line =
      'GET http://127.0.0.1:1/v1/agent/self: the connection was refused: nothing listens there (ECONNREFUSED) (tried 3 times)';
    expect(await place.here(['run'])).toEqual({
      code: 1,
      stdout:
        'JOB  PROVIDER  OUTCOME    VERSION  TARGETS\n' +
        'api  consul-0  published  1        2        +2 -0 ~0 targets\n' +
        'web  consul-0  failed     0        0\n',
      stderr: `muster run: web/consul-0: ${line}\n`,
    });
    const json = await place.here(['run', '--job', 'web', '--output', 'json']);
    expect({ code: json.code, result: JSON.parse(json.stdout) }).toEqual({
      code: 1,
      result: [expect.objectContaining({ outcome: 'failed', error: { kind: 'unreachable', message: line } })],
    });
  });

  test('a secret that is missing fails the cycle, by its name', async () => {
    await using place = await makeWorkplace({
      scrape_configs: [
        { job_name: 'api', consul_sd_configs: [{ server: fleet.url, token_ref: 'env:CONSUL_TOKEN' }] },
      ],
    });
    const { code, stderr } = await place.here(['run']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'muster run: api/consul-0: credential env:CONSUL_TOKEN: the variable is not set\n',
    });
  });

  test('--job and --provider choose', async () => {
    await using place = await makeWorkplace(twoJobs(fleet.url, fleet.url));
    expect((await place.here(['run', '--job', 'web'])).code).toBe(0);
    expect((await stored(place)).filter((path) => path.startsWith('targets/'))).toEqual([
      'targets/web/consul-0.json',
    ]);
    expect((await place.here(['run', '--provider', 'consul-0', '--job', 'api'])).code).toBe(0);
    expect((await stored(place)).filter((path) => path.startsWith('targets/'))).toEqual([
      'targets/api/consul-0.json',
      'targets/web/consul-0.json',
    ]);
  });

  test('a job that left the configuration is retired when it has waited, but neither on a dry run nor when jobs are chosen', async () => {
    await using place = await makeWorkplace(twoJobs(fleet.url, fleet.url));
    await place.here(['run']);
    await place.write('muster.yml', consulConfig(fleet.url));
    const dry = await place.here(['run', '--dry-run']);
    const chosen = await place.here(['run', '--job', 'api']);
    const waiting =
      'web/consul-0 (2 targets): it left the configuration, is retired in 15m; "muster retire web --provider consul-0" does it now\n';
    expect(dry.stdout.split('\n').at(-2)).toBe(waiting.trimEnd());
    expect([dry.stderr, chosen.stderr, (await place.here(['run'])).stderr]).toEqual(['', '', waiting]);

    await place.write('muster.yml', { ...consulConfig(fleet.url), defaults: { retire_after: '0s' } });
    expect((await place.here(['run', '--dry-run'])).stdout.split('\n').at(-2)).toBe(
      'web/consul-0 (2 targets): would be retired, it is no longer in the configuration',
    );
    expect(await stored(place)).toContain('targets/web/consul-0.json');
    const { code, stderr } = await place.here(['run']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'web/consul-0 (2 targets): retired, it is no longer in the configuration\n',
    });
    expect((await stored(place)).filter((path) => path.includes('web'))).toEqual([
      'journal/web/consul-0/000000000001.json.gz',
      'journal/web/consul-0/000000000002.json.gz',
      'retired/web/consul-0.json',
      'snapshots/web/consul-0.json.gz',
    ]);
  });

  test('an empty configuration retires nothing', async () => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await place.here(['run']);
    const before = await contents(place);
    await place.write('muster.yml', '');
    expect((await place.here(['run'])).code).toBe(2);
    await place.write('muster.yml', 'scrape_configs: []');
    expect(await place.here(['run'])).toEqual({
      code: 0,
      stdout: '',
      stderr: 'The configuration has no job with a provider: nothing was done.\n',
    });
    expect(await contents(place)).toEqual(before);
  });
});

function twoJobs(api: string, web: string): object {
  return {
    scrape_configs: [
      { job_name: 'api', consul_sd_configs: [{ server: api }] },
      { job_name: 'web', consul_sd_configs: [{ server: web }] },
    ],
  };
}

/** The objects of the embedded store. */
function stored(place: Workplace): Promise<readonly string[]> {
  return place.files('.muster/store');
}

async function contents(place: Workplace): Promise<readonly (readonly [string, string])[]> {
  const paths = await stored(place);
  return Promise.all(paths.map(async (path) => [path, await place.read(`.muster/store/${path}`)] as const));
}
