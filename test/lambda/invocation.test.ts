import { describe, expect, test } from '@jest/globals';
import { MusterError } from '../../lib/base/errors.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import { countingStore } from '../support/counting-store.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { listing } from '../support/provider.ts';
import { createWorld, jobs } from './world.ts';

const cycle = (job: string, outcome: string, version: number) => ({
  job,
  provider: 'consul-0',
  outcome,
  version,
});
const quiet = { started: [], retired: [] };

describe('a tick', () => {
  test('runs a single provider in place, several by invocations of their own', async () => {
    const world = createWorld();
    const { invoke } = world.start();
    await world.configure(jobs(['api']));
    expect(await invoke({})).toEqual({ cycles: [cycle('api', 'published', 1)], ...quiet });
    await world.configure(jobs(['api', 'web']));
    const both = [
      { job: 'api', provider: 'consul-0' },
      { job: 'web', provider: 'consul-0' },
    ];
    expect(await invoke({})).toEqual({ cycles: [], started: both, retired: [] });
    expect(world.started).toEqual(both);
    expect(await invoke(both[1])).toEqual({ cycles: [cycle('web', 'published', 1)], ...quiet });
  });

  test('runs providers with equal SD configs by one invocation, with one listing, once their sizes are known', async () => {
    const world = createWorld();
    const { invoke } = world.start();
    await world.configure(jobs(['api', 'web', 'db']));
    const ids = ['api', 'web', 'db'].map((job) => ({ job, provider: 'consul-0' }));
    // Never listed, each could be too large for the others.
    await invoke({});
    expect(world.started).toEqual(ids);
    for (const id of ids) await invoke(id);
    let listings = 0;
    world.find = async () => {
      listings += 1;
      return listing(13);
    };
    const next = world.start();
    expect(await next.invoke({})).toEqual({
      cycles: ids.map(({ job }) => cycle(job, 'published', 2)),
      ...quiet,
    });
    expect(listings).toBe(1);
    // Beside another group it is one invocation of several.
    await world.configure(
      `${jobs(['api', 'web', 'db'])}${jobs(['other'], '30s').replace('scrape_configs:\n', '')}`,
    );
    world.started.length = 0;
    await world.start().invoke({});
    expect(world.started).toEqual([{ together: ids }, { job: 'other', provider: 'consul-0' }]);
    expect((await next.invoke({ together: ids.slice(1) })).cycles).toEqual(
      ids.slice(1).map(({ job }) => cycle(job, 'unchanged', 2)),
    );
    expect(listings).toBe(2);
  });

  test('one member of a group that fails is told of, and the others publish', async () => {
    const act = () => {
      throw new MusterError('storage', 'no room');
    };
    const matches = (kind: string, key: string) => kind === 'put' && key.startsWith('journal/web/');
    const world = createWorld(faultyStore(createMemoryStore(), [{ when: 'before', matches, act }]));
    await world.configure(jobs(['api', 'web']));
    const ids = ['api', 'web'].map((job) => ({ job, provider: 'consul-0' }));
    await expect(world.start().invoke({ together: ids })).rejects.toThrow('no room');
    expect([await world.status('api/consul-0'), await world.status('web/consul-0')]).toMatchObject([
      { version: 1, failures: 0 },
      { version: 0, failures: 1 },
    ]);
  });

  test('when quiet asks the store six times and writes the status alone', async () => {
    const counting = countingStore(createMemoryStore());
    const world = createWorld(counting.store);
    await world.configure(jobs(['api']));
    const { invoke } = world.start();
    // The second look at the first configuration, with which what left it is looked for.
    await invoke({});
    await invoke({});
    counting.reset();
    await invoke({});
    const calls = counting.calls.map(({ kind, key, answer }) => `${kind} ${key} ${answer}`);
    expect(calls.sort()).toEqual([
      'get config/muster.yml unchanged',
      'get journal/api/consul-0/000000000002.json.gz missing',
      'get snapshots/api/consul-0.json.gz unchanged',
      'get status/api/consul-0.json found',
      'head targets/api/consul-0.json found',
      'put status/api/consul-0.json done',
    ]);
  });

  test('runs a provider several times whose interval is shorter than the period', async () => {
    const world = createWorld();
    await world.configure(jobs(['api'], '1s'));
    const { cycles } = await world.start().invoke({});
    expect(cycles).toEqual([
      cycle('api', 'published', 1),
      cycle('api', 'unchanged', 1),
      cycle('api', 'unchanged', 1),
    ]);
  });

  test('starts no further cycle that the time would cut short', async () => {
    const world = createWorld();
    await world.configure(jobs(['api'], '2s'));
    expect((await world.start().invoke({}, 4400)).cycles).toEqual([cycle('api', 'published', 1)]);
  });

  test('passes over a provider whose interval is longer, until it is due', async () => {
    const world = createWorld();
    await world.configure(jobs(['api'], '1h'));
    const { invoke } = world.start();
    expect((await invoke({})).cycles).toEqual([cycle('api', 'published', 1)]);
    expect(await invoke({})).toEqual({ cycles: [], ...quiet });
    expect(world.measured).toEqual([
      ...['config in force', 'cycle published'],
      ...['config in force', 'waiting'],
    ]);
  });

  test('with nothing to run tells so, which is not silence', async () => {
    const world = createWorld();
    await world.configure('scrape_configs: [{ job_name: k, kubernetes_sd_configs: [{ role: pod }] }]');
    expect(await world.start().invoke({})).toEqual({ cycles: [], ...quiet });
    expect(world.measured).toEqual(['config in force', 'idle']);
  });

  test('retires providers of its own mechanism that left, not those of others', async () => {
    const world = createWorld();
    world.find = async () => listing(3);
    const { invoke } = world.start();
    await world.configure(jobs(['api']));
    await invoke({});
    const other = new TextEncoder().encode('{}');
    await world.store.put('status/api/kubernetes-0.json', other, { condition: 'create' });
    // The last provider of the mechanism has gone; the configuration still has the job, by which it knows the store.
    await world.configure(
      'defaults: { retire_after: 0s }\nscrape_configs: [{ job_name: api, dns_sd_configs: [{ names: [a] }] }]',
    );
    const retired = [{ job: 'api', provider: 'consul-0' }];
    expect(await invoke({})).toEqual({ cycles: [], started: [], retired });
    expect((await world.store.list('status/')).map(({ key }) => key)).toEqual([
      'status/api/kubernetes-0.json',
    ]);
  });

  test('touches nothing in a store that belongs to another configuration', async () => {
    const world = createWorld();
    const { invoke } = world.start();
    await world.configure(jobs(['api']));
    await invoke({});
    const before = await world.store.list('');
    await world.configure('scrape_configs: [{ job_name: k, dns_sd_configs: [{ names: [a] }] }]');
    await expect(invoke({})).rejects.toThrow(
      'has 1 provider, and this configuration knows 0 of them, as in status/api/consul-0.json: it belongs to another one',
    );
    const keys = (list: typeof before) => list.map(({ key }) => key);
    expect(keys(await world.store.list(''))).toEqual(keys(before));
  });
});

describe('an invocation that fails', () => {
  test('says so at its end, after the status', async () => {
    const world = createWorld();
    await world.configure(jobs(['api']));
    world.find = async () => {
      throw new MusterError('denied', 'http://consul:8500: 403: the token may not read');
    };
    const { invoke } = world.start();
    await expect(invoke({})).rejects.toThrow('http://consul:8500: 403: the token may not read');
    expect(await world.status('api/consul-0')).toMatchObject({ failures: 1, error: { kind: 'denied' } });
    world.find = async () => listing(3);
    expect((await invoke({})).cycles).toEqual([cycle('api', 'published', 1)]);
  });

  test('that the guard holds a change is none', async () => {
    const world = createWorld();
    await world.configure(jobs(['api']));
    const { invoke } = world.start();
    await invoke({});
    world.find = async () => [];
    expect((await invoke({})).cycles).toEqual([cycle('api', 'held', 1)]);
  });

  test.each([[{ job: 'api' }], [{ job: 'api', provider: '../x' }], [[]], ['tick'], [{ Records: [] }]])(
    'does nothing for an event that it does not know: %j',
    async (event) => {
      const world = createWorld();
      await world.configure(jobs(['api']));
      await expect(world.start().invoke(event)).rejects.toMatchObject({ kind: 'config', code: 'bad-event' });
      expect((await world.store.list('')).map(({ key }) => key)).toEqual(['config/muster.yml']);
    },
  );

  test('a provider that left since it was asked for is no failure', async () => {
    const world = createWorld();
    await world.configure(jobs(['api']));
    expect(await world.start().invoke({ job: 'gone', provider: 'consul-0' })).toEqual({
      cycles: [],
      ...quiet,
    });
  });
});
