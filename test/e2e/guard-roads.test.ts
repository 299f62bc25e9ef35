import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import type { MusterResult } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { smallWorld } from '../support/small-world.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

/** Roads on which a list could shrink by mistake, walked by the command line as a new user would. */
describe('no road around the gate', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'roads', services: 0, instances: 0 });
  });
  afterAll(() => fleet?.stop());

  /** A configuration of jobs that ask this Consul, each for what is its own. */
  const configOf = (jobs: readonly string[], more: Readonly<Record<string, unknown>> = {}) => ({
    store: 'store',
    scrape_configs: jobs.map((job_name) => ({
      job_name,
      consul_sd_configs: [{ server: fleet.url, ...more }],
    })),
  });
  const sync = (place: Workplace, store = 'store', ...more: readonly string[]) =>
    place.run(['sync', '--from', store, '--to', 'targets', '--once', ...more]);

  test('a Consul that restarts with an empty catalog empties nothing, however often it is asked', async () => {
    // Of one service: a listing that is under way at the restart finds all of it or nothing.
    fleet.replace(smallWorld(200, { service: 'web' }));
    await using place = await makeWorkplace(configOf(['api'], { refresh_interval: '1s' }));
    await using dev = place.start(['dev', '--to', 'targets', '--listen', '127.0.0.1:0']);
    await dev.waitFor(/target file written/);
    const before = await place.read('targets/api/consul-0.json');
    const asked = () => fleet.requests.filter(({ path }) => path === '/v1/catalog/services').length;
    fleet.replace(smallWorld(0));
    const first = asked();
    // The fifth is not asked before the fourth has ended.
    expect(await polled(async () => asked() - first >= 5, true)).toBe(true);
    expect(await place.read('targets/api/consul-0.json')).toBe(before);
    const message = 'the listing is empty: 200 targets stay published until they have been missing for 60m';
    expect(dev.stderr()).toContain(`held: ${message}`);
    const held = await place.run(['held', '--job', 'api']);
    expect([held.code, held.stdout.split('\n')[0]?.startsWith(`api/consul-0: ${message}`)]).toEqual([
      1,
      true,
    ]);
  });

  test('a renamed job leaves its file for retire_after, and loses nothing when it is moved back', async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(configOf(['api']));
    await place.run(['run']);
    await sync(place);
    const before = await place.read('targets/api/consul-0.json');

    await place.write('muster.yml', configOf(['web']));
    const renamed = await place.run(['run']);
    expect(rows(renamed)).toEqual([0, ['web consul-0 published 1 12 +12 -0 ~0 targets']]);
    expect(renamed.stderr).toBe(
      'api/consul-0 (12 targets): it left the configuration, is retired in 15m; "muster retire api --provider consul-0" does it now\n',
    );
    expect((await sync(place)).code).toBe(0);
    expect(await place.files('targets')).toEqual(['api/consul-0.json', 'web/consul-0.json']);
    expect(await place.read('targets/api/consul-0.json')).toBe(before);

    await place.write('muster.yml', configOf(['api']));
    expect(rows(await place.run(['run']))).toEqual([0, ['api consul-0 unchanged 1 12']]);
    expect((await sync(place)).code).toBe(0);
    expect(await place.read('targets/api/consul-0.json')).toBe(before);

    expect(await place.run(['retire', 'web'])).toEqual({
      code: 0,
      stdout: 'web/consul-0: retired\n',
      stderr: '',
    });
    expect((await sync(place)).code).toBe(0);
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
  });

  test('a store that is deleted under muster dev takes no file away, and is published again', async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(configOf(['api', 'web'], { refresh_interval: '1s' }));
    await using dev = place.start(['dev', '--to', 'targets', '--listen', '127.0.0.1:0']);
    const mirrored = () => place.files('targets');
    const both = ['api/consul-0.json', 'web/consul-0.json'];
    expect(await polled(mirrored, both)).toEqual(both);
    const lists = () => Promise.all(both.map((path) => place.read(join('targets', path))));
    const before = await lists();

    await rm(join(place.folder, 'store'), { recursive: true, maxRetries: 20 });
    const publishedAgain = async () => {
      expect(await mirrored()).toEqual(both);
      expect((await lists()).map(targetsOf)).toEqual(before.map(targetsOf));
      return place.files('store/targets');
    };
    // A cycle that runs while the files go may heal the old line instead of starting a new one. Both are right.
    expect(await polled(publishedAgain, both)).toEqual(both);
    fleet.replace(smallWorld(13));
    expect(await polled(async () => (await lists()).map((list) => targetsOf(list).length), [13, 13])).toEqual(
      [13, 13],
    );
    expect((await dev.stop()).code).toBe(0);
  });

  test('another bucket that has one of three jobs so far takes the two others from no disk', async () => {
    fleet.replace(smallWorld(12));
    const jobs = ['api', 'db', 'web'];
    await using place = await makeWorkplace({ ...configOf(jobs), store: 'a' });
    await place.run(['run']);
    expect((await sync(place, 'a')).code).toBe(0);
    await place.write('muster.yml', { ...configOf(['api']), store: 'b' });
    await place.run(['run']);
    const { code, stderr } = await sync(place, 'b');
    expect(code).toBe(0);
    expect(stderr).toMatch(/the store no longer lists it and has no tombstone for it/);
    expect(await place.files('targets')).toEqual(jobs.map((job) => `${job}/consul-0.json`));
    const lists = await Promise.all(jobs.map((job) => place.read(`targets/${job}/consul-0.json`)));
    expect(lists.map((list) => targetsOf(list).length)).toEqual([12, 12, 12]);

    expect((await sync(place, 'b', '--remove-orphans')).code).toBe(0);
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
  });

  test('a second configuration on the same store is refused, until it is told to take the store over', async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(configOf(['api', 'web']));
    await place.run(['run']);
    const before = await place.files('store');
    await place.write('laptop.yml', {
      store: 'store',
      scrape_configs: [{ job_name: 'mine', consul_sd_configs: [{ server: fleet.url, services: ['web-0'] }] }],
    });
    expect(await place.run(['run', '-c', 'laptop.yml'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `muster run: file://${place.folder}/store has 2 providers, and this configuration knows 0 of them, ` +
        'as in status/api/consul-0.json: it belongs to another one. Name a store or prefix of its own, or take ' +
        'it over with "muster run --take-over"\n',
    });
    expect(await place.files('store')).toEqual(before);
    await using dev = place.start(['dev', '-c', 'laptop.yml', '--listen', '127.0.0.1:0']);
    expect((await dev.ended).code).toBe(2);
    expect(await place.files('store')).toEqual(before);

    const taken = await place.run(['run', '-c', 'laptop.yml', '--take-over']);
    expect(rows(taken)[1]).toEqual([expect.stringMatching(/^mine consul-0 published 1 /)]);
    // Even then nothing goes at once.
    expect(taken.stderr.split('\n').slice(0, -1)).toEqual([
      'api/consul-0 (12 targets): it left the configuration, is retired in 15m; "muster retire api --provider consul-0" does it now',
      'web/consul-0 (12 targets): it left the configuration, is retired in 15m; "muster retire web --provider consul-0" does it now',
    ]);
  });

  test("a bucket restored from yesterday's copy puts no older list over today's, unless it is told to", async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(configOf(['api']));
    await place.run(['run']);
    await cp(join(place.folder, 'store'), join(place.folder, 'yesterday'), { recursive: true });
    const yesterday = await place.read('store/targets/api/consul-0.json');
    fleet.replace(smallWorld(14));
    await place.run(['run']);
    await sync(place);
    const today = await place.read('targets/api/consul-0.json');
    expect([yesterday, today].map((list) => targetsOf(list).length)).toEqual([12, 14]);

    await rm(join(place.folder, 'store'), { recursive: true });
    await cp(join(place.folder, 'yesterday'), join(place.folder, 'store'), { recursive: true });
    const { code, stderr } = await sync(place);
    expect(code).toBe(0);
    expect(stderr).toContain(
      'targets/api/consul-0.json holds version 1, older than version 2 of the file on disk; ' +
        'if the store was restored on purpose, run \\"muster sync --once --accept-older\\"',
    );
    expect(await place.read('targets/api/consul-0.json')).toBe(today);

    expect((await sync(place, 'store', '--accept-older')).code).toBe(0);
    expect(await place.read('targets/api/consul-0.json')).toBe(yesterday);
    await place.run(['run']);
    expect((await sync(place)).code).toBe(0);
    expect(targetsOf(await place.read('targets/api/consul-0.json'))).toEqual(targetsOf(today));
  });

  test('what is put over a target file by hand is not mirrored, and is mended by the next cycle', async () => {
    fleet.replace(smallWorld(12));
    await using place = await makeWorkplace(configOf(['api']));
    await place.run(['run']);
    const first = await place.read('store/targets/api/consul-0.json');
    fleet.replace(smallWorld(14));
    await place.run(['run']);
    await sync(place);
    const good = await place.read('targets/api/consul-0.json');
    for (const [content, reason] of [
      ['[]', /holds 0 targets instead of 14, does not name its version and is not mirrored/],
      [first, /holds version 1, older than version 2 of the file on disk/],
      ['[{"targets": ["10.0.0.1:80"]', /not JSON|cannot be read|malformed|JSON/],
    ] as const) {
      await place.write('store/targets/api/consul-0.json', content);
      const { code, stderr } = await sync(place);
      expect(code).toBe(0);
      expect(stderr).toMatch(reason);
      expect(await place.read('targets/api/consul-0.json')).toBe(good);
      expect(rows(await place.run(['run']))).toEqual([0, ['api consul-0 healed 2 14']]);
      expect((await sync(place)).code).toBe(0);
      expect(await place.read('store/targets/api/consul-0.json')).toBe(good);
    }
  });

  test('a job of which one provider of three cannot be read is no success for an init container', async () => {
    fleet.replace(smallWorld(12));
    const consul_sd_configs = ['web-0', 'web-1', 'web-2'].map((service) => ({
      server: fleet.url,
      services: [service],
    }));
    await using place = await makeWorkplace({
      store: 'store',
      scrape_configs: [{ job_name: 'api', consul_sd_configs }],
    });
    await place.run(['run']);
    await place.write('store/targets/api/consul-1.json', 'junk');
    const failed = await sync(place);
    expect(failed.code).toBe(1);
    expect(failed.stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^muster sync: job "api" is incomplete, there is no good file of its provider consul-1: .+; --allow-partial lets this pass$/,
    );
    await rm(join(place.folder, 'targets'), { recursive: true });
    expect((await sync(place, 'store', '--allow-partial')).code).toBe(0);
    expect(await place.files('targets')).toEqual(['api/all.json']);

    expect((await place.run(['run'])).code).toBe(0);
    expect((await sync(place)).code).toBe(0);
    const groups = decodeFileSd(Buffer.from(await place.read('targets/api/all.json')));
    expect(groups.filter(({ labels }) => '__muster_version' in labels)).toHaveLength(3);
  });
});

/** Exit code and the rows of the table, their columns parted by single spaces. */
function rows({ code, stdout }: MusterResult): [MusterResult['code'], readonly string[]] {
  const lines = stdout.split('\n').slice(1, -1);
  return [code, lines.map((line) => line.replace(/ +/g, ' ').trimEnd())];
}

/** The addresses in a file. */
function targetsOf(list: string): readonly string[] {
  return decodeFileSd(Buffer.from(list)).flatMap(({ targets }) => targets);
}
