import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../lib/base/logger.ts';
import { retireOutputAfter } from '../../lib/kube-state/gate.ts';
import { gzipHead } from '../../lib/kube-state/gzip-time.ts';
import { changeOutputStatus } from '../../lib/kube-state/status.ts';
import { followConfig } from '../../lib/lambda/config-source.ts';
import { requestsEach } from '../../lib/lambda/cost.ts';
import { createInvocations } from '../../lib/lambda/invocation.ts';
import { kubeStateWork, readKubeStateConfig } from '../../lib/lambda/kube-state-work.ts';
import { shareTime } from '../../lib/lambda/task.ts';
import { type KubernetesFleet, startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { createMemoryStore } from '../../lib/store/memory.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { countingStore } from '../support/counting-store.ts';
import { createClock, measureInWords, period } from './world.ts';

let fleet: KubernetesFleet;
beforeAll(async () => {
  fleet = await startKubernetesFleet({ seed: 'kube-state-function', pods: 5, nodes: 2, otherLists: true });
});
beforeEach(() => fleet.faults.clear());
afterAll(() => fleet.stop());

/** The function of kube state over a memory store; everything that it says is kept. */
function createWorld(store: ObjectStore = createMemoryStore()) {
  const [lines, measured, started]: [string[], string[], object[]] = [[], [], []];
  const waits: (string | undefined)[] = [];
  const log = createLogger({ level: 'info', write: (line) => lines.push(line), now: () => new Date(0) });
  const configure = (text: string) =>
    store.put('config/muster.yml', new TextEncoder().encode(text), { condition: 'any' });
  const published = async () =>
    (await store.list('metrics/')).map(({ key }) => key).filter((key) => !key.endsWith('.status.json'));
  const start = () => {
    const measure = measureInWords(measured, waits);
    const currentConfig = followConfig({
      ...{
        location: 's3://bucket/config/muster.yml',
        from: store,
        key: 'config/muster.yml',
        store,
        log,
        wait: 1,
      },
      lastGoodKey: 'config/last-good/kube-state.yml',
      read: (text, origin) => {
        const readCredential = async () => '';
        return readKubeStateConfig(text, {
          ...{ origin, store: 's3://bucket', directory: '/', readCredential, log },
        });
      },
    });
    const work = kubeStateWork({ store, log, measure });
    const clock = createClock();
    const invoke = createInvocations({ work, store, period, currentConfig, log, measure, clock });
    const invokeSelf = async (event: object) => {
      started.push(event);
    };
    return (event: unknown, milliseconds = 30_000) =>
      invoke(event, { time: shareTime(milliseconds, clock.begin()), invokeSelf });
  };
  return { store, lines, measured, waits, started, configure, published, start };
}

const output = (name: string, more = '', interval = '3s') =>
  `\n  - {name: ${name}, resources: [nodes], kubernetes: {api_server: '${fleet.url}', refresh_interval: ${interval}}${more}}`;
const outputs = (...entries: readonly string[]) => `kube_state_metrics:${entries.join('')}\n`;
const job = 'scrape_configs: [{job_name: k, dns_sd_configs: [{names: [a]}]}]\n';
const cycle = (name: string) => ({
  ...{ output: name, outcome: 'published', objects: 2 },
  ...{ samples: expect.any(Number), bytes: expect.any(Number) },
});
const quiet = { started: [], retired: [] };

describe('a tick', () => {
  test('publishes a single output in place, several by invocations of their own', async () => {
    const world = createWorld();
    const invoke = world.start();
    await world.configure(outputs(output('prod')));
    expect(await invoke({})).toEqual({ cycles: [cycle('prod')], ...quiet });
    const text = await read(world.store, 'metrics/prod.prom.gz');
    expect(text).toContain('kube_node_info{node="');
    await world.configure(outputs(output('prod'), output('dev', ', total_shards: 2')));
    const all = [{ output: 'prod' }, { output: 'dev.0' }, { output: 'dev.1' }];
    expect(await invoke({})).toEqual({ cycles: [], started: all, retired: [] });
    expect(world.started).toEqual(all);
    const both = await Promise.all([invoke(all[1]), invoke(all[2])]);
    expect(both.flatMap(({ cycles }) => cycles)).toMatchObject([{ output: 'dev.0' }, { output: 'dev.1' }]);
    expect(await world.published()).toEqual([
      'metrics/dev.0.prom.gz',
      'metrics/dev.1.prom.gz',
      'metrics/prod.prom.gz',
    ]);
    // The two that run side by side may end in either order.
    expect([...world.measured.slice(0, -2), ...world.measured.slice(-2).sort()]).toEqual([
      ...['config in force', 'prod published', 'config in force'],
      ...['config in force', 'config in force', 'dev.0 published', 'dev.1 published'],
    ]);
  });

  test('asks the store as often as muster cost takes it', async () => {
    const counting = countingStore(createMemoryStore());
    const world = createWorld(counting.store);
    await world.configure(outputs(output('prod')));
    const invoke = world.start();
    // The second look at the first configuration, with which what left it is looked for.
    await invoke({});
    await invoke({});
    counting.reset();
    await invoke({});
    const kinds = counting.calls.map(({ kind }) => kind);
    const writes = kinds.filter((kind) => kind === 'put' || kind === 'list').length;
    const { invocation, output: cycle } = requestsEach;
    expect({ reads: kinds.length - writes, writes }).toEqual({
      reads: invocation.reads + cycle.reads,
      writes: invocation.writes + cycle.writes,
    });
  });

  test('lists several times where the interval is shorter than the period', async () => {
    const world = createWorld();
    await world.configure(outputs(output('prod', '', '1s')));
    const { cycles } = await world.start()({});
    expect(cycles).toEqual([cycle('prod'), cycle('prod'), cycle('prod')]);
  });

  test('passes over an output whose interval is longer, until the text in the store is as old', async () => {
    const world = createWorld();
    await world.configure(outputs(output('prod', '', '4m')));
    expect((await world.start()({})).cycles).toEqual([cycle('prod')]);
    expect(await world.start()({})).toEqual({ cycles: [], ...quiet });
    const anHourAgo = gzipHead(new Date(Date.now() - 3_600_000));
    await world.store.put('metrics/prod.prom.gz', anHourAgo, { condition: 'any' });
    expect((await world.start()({})).cycles).toEqual([cycle('prod')]);
    expect(world.measured.filter((one) => !one.startsWith('config'))).toEqual([
      ...['prod published', 'waiting', 'prod published'],
    ]);
  });

  test('with nothing to list tells so, which is not silence', async () => {
    const world = createWorld();
    await world.configure(job);
    expect(await world.start()({})).toEqual({ cycles: [], ...quiet });
    expect(world.measured).toEqual(['config in force', 'idle']);
  });
});

describe('an output that left the configuration', () => {
  const left = async (text: string) => {
    const world = createWorld();
    const invoke = world.start();
    await world.configure(outputs(output('prod')));
    await invoke({});
    for (const key of ['metrics/gone.prom.gz', 'metrics/prod.1.prom.gz', 'metrics/note.txt'])
      await world.store.put(key, new Uint8Array(), { condition: 'create' });
    await world.configure(text);
    expect((await invoke({})).retired).toEqual([]);
    // As if it had been looked at for a quarter of an hour.
    for (const name of ['gone', 'prod.1', 'prod'])
      await changeOutputStatus(
        world.store,
        name,
        (status) =>
          status?.leaving && { ...status, leaving: { ...status.leaving, waited: retireOutputAfter } },
      );
    return { world, result: await invoke({}) };
  };

  test('is removed in the end, what is none of ours stays', async () => {
    const { world, result } = await left(outputs(output('prod')));
    expect(result.retired).toEqual([{ output: 'gone' }, { output: 'prod.1' }]);
    expect(await world.published()).toEqual(['metrics/note.txt', 'metrics/prod.prom.gz']);
  });

  test('is removed with the last output, when there are jobs', async () => {
    const { result } = await left(job);
    expect(result.retired).toEqual([{ output: 'gone' }, { output: 'prod.1' }, { output: 'prod' }]);
  });

  test('stays where only one shard is ours to write: another may write the others', async () => {
    const { result } = await left(outputs(output('prod', ', shard: 0, total_shards: 2')));
    expect(result.retired).toEqual([{ output: 'gone' }, { output: 'prod' }]);
  });

  test.each([
    ['empty', 'scrape_configs: []\n', undefined],
    ['broken', 'kube_state_metrics: [{nam: prod}]\n', 'kube_state_metrics[0].name: is required'],
  ])('stays when the configuration is %s', async (_, text, complaint) => {
    const { world, result } = await left(text);
    expect(result.retired).toEqual([]);
    expect(await world.published()).toHaveLength(4);
    expect(world.measured).toContain('config not in force');
    if (complaint !== undefined) expect(result.config_error).toContain(complaint);
  });
});

describe('an invocation that fails', () => {
  test('says so at its end, in one line, and what was published stays', async () => {
    const world = createWorld();
    const invoke = world.start();
    await world.configure(outputs(output('prod')));
    await invoke({});
    const before = await world.store.head('metrics/prod.prom.gz');
    fleet.faults.add({ kind: 'status', status: 403, body: 'no' });
    await expect(invoke({})).rejects.toThrow(/^prod: GET http[^\n]+403[^\n]*$/);
    expect(await world.store.head('metrics/prod.prom.gz')).toEqual(before);
    expect(world.measured.at(-1)).toBe('prod failed');
    expect(world.lines.at(-1)).toMatch(
      /level=error msg="prod: GET .* output=prod outcome=failed kind=denied/,
    );
  });

  test('before the first listing counts from the first attempt', async () => {
    const world = createWorld();
    await world.configure(outputs(output('prod')));
    fleet.faults.add({ kind: 'status', status: 500 });
    const invoke = world.start();
    const before = Date.now();
    await expect(invoke({}, 5000)).rejects.toThrow(/^prod: /);
    await expect(invoke({}, 5000)).rejects.toThrow(/^prod: /);
    expect(world.measured).toEqual(['config in force', 'prod failed', 'config in force', 'prod failed']);
    const [first = '', second] = world.waits;
    expect([Date.parse(first) >= before, second]).toEqual([true, first]);
  });

  test('for want of time says how much there was', async () => {
    const world = createWorld();
    await world.configure(outputs(output('prod')));
    fleet.faults.add({ kind: 'hang' });
    await expect(world.start()({}, 3000)).rejects.toThrow(
      /^prod: the cluster was not listed within [\d.]+s$/,
    );
  });

  test('because there is no configuration leaves everything as it is', async () => {
    const world = createWorld();
    await expect(world.start()({})).rejects.toThrow('there is no such object');
    expect(await world.store.list('')).toEqual([]);
  });

  test.each([[{ output: '../x' }], [{ output: 'prod', job: 'x' }], [[]], [{ Records: [] }]])(
    'does nothing for an event that is none of ours: %j',
    async (event) => {
      const world = createWorld();
      await world.configure(outputs(output('prod')));
      await expect(world.start()(event)).rejects.toThrow(
        'the event is neither {} nor {"output": "prod"}; nothing was done',
      );
      expect(await world.published()).toEqual([]);
    },
  );

  test('an output that left since it was asked for is no failure', async () => {
    const world = createWorld();
    await world.configure(outputs(output('prod')));
    expect(await world.start()({ output: 'gone' })).toEqual({ cycles: [], ...quiet });
  });
});

test('a mistake in a stanza of a backend, or in a job of another kind, does not stop kube state', async () => {
  const world = createWorld();
  const jobs = 'scrape_configs: [{job_name: k, kubernetes_sd_configs: [{roole: 1}], dns_sd_configs: [7]}]\n';
  await world.configure(`${jobs}${outputs(output('prod'))}`);
  expect((await world.start()({})).cycles).toEqual([cycle('prod')]);
});

async function read(store: ObjectStore, key: string): Promise<string> {
  const found = await store.get(key);
  return found === undefined ? '' : gunzipSync(found.body).toString();
}
