import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { freePorts } from '../support/process.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

const once = ['sync', '--from', 'store', '--to', 'targets', '--once'];

describe('muster sync', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'sync', services: 0, instances: 0 });
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  test('--once mirrors what is published, and tells which files it wrote', async () => {
    await using place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
    await place.run(['run']);
    const { code, stdout, stderr } = await place.run(once);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^ts=\S+ level=info msg="target file written" path=api\/consul-0\.json\n$/);
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
    expect(await place.read('targets/api/consul-0.json')).toBe(
      await place.read('store/targets/api/consul-0.json'),
    );
    expect(await place.run(once)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('--once on a store without targets is complete, so that an init container does not block, and says so', async () => {
    await using place = await makeWorkplace({});
    await place.write('store/status/api/consul-0.json', '{}');
    const { code, stderr } = await place.run(once);
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^ts=\S+ level=info msg="the store has no target file" store=file:\/\/\S+\/store\n$/,
    );
    expect(await place.files('targets')).toEqual([]);
  });

  test('--once from a folder that is no store fails, and makes none: its name may be misspelt', async () => {
    await using place = await makeWorkplace({});
    const { code, stderr } = await place.run(once);
    expect({ code, last: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      code: 1,
      last:
        `muster sync: file://${place.folder}/store is not a Muster store, no cycle has run there: check its name; ` +
        '--allow-partial lets this pass',
    });
    expect(await place.files('.')).not.toContain('store');
    expect((await place.run([...once, '--allow-partial'])).code).toBe(0);
  });

  test('--once keeps the files when the store has become empty, and says what to check', async () => {
    await using place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
    await place.run(['run']);
    await place.run(once);
    const emptied = ['sync', '--from', 'emptied', '--to', 'targets', '--once'];
    const { code, stderr } = await place.run(emptied);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      `muster sync: file://${place.folder}/emptied lists no target file, but targets has 1, which all stay: ` +
        'check the bucket and its prefix; if it is empty on purpose, run "muster sync --once --remove-orphans"',
    );
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
    expect((await place.run([...emptied, '--remove-orphans'])).code).toBe(0);
    expect(await place.files('targets')).toEqual([]);
  });

  test('takes an order for one round only with --once', async () => {
    await using place = await makeWorkplace({});
    const { code, stderr } = await place.run(['sync', '--from', 'x', '--to', 'y', '--remove-orphans']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'muster sync: --remove-orphans is for one round only; add --once\n',
    });
  });

  test('options come from the environment, as in a container', async () => {
    await using place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
    await place.run(['run']);
    const env = {
      MUSTER_FROM: 'store',
      MUSTER_TO: 'targets',
      MUSTER_ONCE: 'true',
      MUSTER_LOG_LEVEL: 'error',
    };
    expect(await place.run(['sync'], { env })).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
  });

  test('without --once it follows the store and serves its probes until SIGTERM, which is no failure', async () => {
    await using place = await makeWorkplace({ ...consulConfig(fleet.url), store: 'store' });
    const [port] = await freePorts(1);
    await using running = place.start([
      ...['sync', '--from', 'store', '--to', 'targets', '--interval', '100ms'],
      ...['--listen', `127.0.0.1:${port}`],
    ]);
    await place.run(['run']);
    await running.waitFor(/target file written/);
    expect(await place.files('targets')).toEqual(['api/consul-0.json']);
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect([health.status, await health.text()]).toEqual([200, 'ok\n']);
    expect(metrics).toMatch(/^muster_sync_targets\{job="api",provider="consul-0"\} 2$/m);

    const second = await place.run(once);
    expect({ code: second.code, stderr: second.stderr }).toEqual({
      code: 1,
      stderr: 'muster sync: another mirror writes to targets: stop it, or give each its own folder\n',
    });
    const taken = await place.run(['sync', '--from', 'x', '--to', 'y', '--listen', `127.0.0.1:${port}`]);
    expect(taken.code).toBe(2);
    expect(taken.stderr).toMatch(
      /^ts=\S+ level=info msg=started [^\n]+\nmuster sync: cannot listen on [^\n]+; choose another address\n$/,
    );

    expect((await running.stop()).code).toBe(0);
  });
});
