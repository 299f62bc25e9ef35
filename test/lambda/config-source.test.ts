import { describe, expect, test } from '@jest/globals';
import { createWorld, type FunctionWorld, jobs } from './world.ts';

const broken = 'scrape_configs: [{ job_name: api, consul_sd_configs: [{ serveer: x }] }]';
const complaint =
  's3://bucket/config/muster.yml:1:57 scrape_configs[0].consul_sd_configs[0].serveer: unknown key';

async function started(text = jobs(['api'])): Promise<FunctionWorld> {
  const world = createWorld();
  await world.configure(text);
  await world.start().invoke({});
  world.log.length = 0;
  world.measured.length = 0;
  return world;
}

describe('a broken configuration', () => {
  test.each(['warm', 'cold'])('keeps the last good one in force and says so: %s', async (kind) => {
    const world = await started();
    let { invoke } = world.start();
    await invoke({});
    await world.configure(broken);
    if (kind === 'cold') ({ invoke } = world.start());
    for (const _ of [1, 2]) {
      const { cycles, config_error } = await invoke({});
      expect([cycles.length, config_error]).toEqual([1, complaint]);
    }
    expect(await world.status('api/consul-0')).toMatchObject({ failures: 0, config_error: complaint });
    expect(world.measured.slice(-2)).toEqual(['config not in force', 'cycle unchanged']);
    expect(world.log.filter((line) => line.includes('level=error'))).toEqual(
      Array(2).fill(
        `ts=1970-01-01T00:00:00.000Z level=error msg="the last good configuration stays in force: ${complaint}" kind=config\n`,
      ),
    );
    await world.configure(jobs(['api']));
    expect((await invoke({})).config_error).toBeUndefined();
    expect(await world.status('api/consul-0')).not.toHaveProperty('config_error');
  });

  test('retires nothing, even after a cold start', async () => {
    const world = await started(jobs(['api', 'web']));
    const { invoke } = world.start();
    for (const job of ['api', 'web']) await invoke({ job, provider: 'consul-0' });
    const older = jobs(['api']);
    await world.store.put('config/last-good/consul.yml', new TextEncoder().encode(older), {
      condition: 'any',
    });
    await world.configure(broken);
    expect((await world.start().invoke({})).retired).toEqual([]);
  });

  test('without any good one fails, and tells the status of each provider', async () => {
    const world = await started();
    await world.store.delete('config/last-good/consul.yml');
    await world.configure(broken);
    await expect(world.start().invoke({})).rejects.toThrow(complaint);
    expect(await world.status('api/consul-0')).toMatchObject({
      ...{ failures: 1, version: 1, config_error: complaint },
      error: { kind: 'config', message: complaint },
    });
    expect(world.measured).toEqual(['config not in force']);
  });

  test('one that is gone counts as broken', async () => {
    const world = await started();
    await world.store.delete('config/muster.yml');
    const { cycles, config_error } = await world.start().invoke({});
    expect([cycles.length, config_error]).toEqual([
      1,
      's3://bucket/config/muster.yml: there is no such object',
    ]);
  });
});

describe('a configuration', () => {
  test('that is empty lists nothing, retires nothing, and is not what is fallen back on', async () => {
    const world = await started();
    const { invoke } = world.start();
    await world.configure('scrape_configs: []\n');
    expect(await invoke({})).toEqual({ cycles: [], started: [], retired: [] });
    expect(world.measured[0]).toBe('config not in force');
    const kept = await world.store.get('config/last-good/consul.yml');
    expect(kept !== undefined && Buffer.from(kept.body).toString()).toBe(jobs(['api']));
  });

  test('that is empty is not what a broken one falls back on, in a warm process neither', async () => {
    const world = await started();
    const { invoke } = world.start();
    await invoke({});
    await world.configure('scrape_configs: []\n');
    await invoke({});
    await world.configure(broken);
    const { cycles, config_error } = await invoke({});
    expect([cycles.length, config_error]).toEqual([1, complaint]);
  });

  test('that changes between two looks waits for the next, and retires nothing meanwhile', async () => {
    const world = await started(jobs(['api', 'web']));
    const { invoke } = world.start();
    await invoke({});
    for (const job of ['api', 'web']) await invoke({ job, provider: 'consul-0' });
    let looks = 0;
    world.onRead = async () => {
      looks++;
      // Half of it at the first look, all of it at the second.
      if (looks === 1) await world.configure(jobs(['api']));
      if (looks === 2) await world.configure(jobs(['api', 'web', 'db']));
    };
    expect(await invoke({})).toMatchObject({ started: [{ job: 'api' }, { job: 'web' }], retired: [] });
    expect(await invoke({})).toMatchObject({
      started: [{ job: 'api' }, { job: 'web' }, { job: 'db' }],
      retired: [],
    });
    expect(looks).toBe(3);
  });

  test('that is the first of all takes effect at once, but retires nothing until it was seen twice', async () => {
    const world = await started(jobs(['api', 'web']));
    for (const job of ['api', 'web']) await world.start().invoke({ job, provider: 'consul-0' });
    await world.store.delete('config/last-good/consul.yml');
    await world.configure(`defaults: { retire_after: 0s }\n${jobs(['api'])}`);
    const { invoke } = world.start();
    expect(await invoke({})).toMatchObject({ cycles: [{ job: 'api' }], retired: [] });
    expect(await invoke({})).toMatchObject({ cycles: [{ job: 'api' }], retired: [{ job: 'web' }] });
  });

  test('with kube state alone is in force, and retires no provider', async () => {
    const world = await started();
    const { invoke } = world.start();
    await world.configure('kube_state_metrics: [{name: prod, resources: 7}]\n');
    expect(await invoke({})).toEqual({ cycles: [], started: [], retired: [] });
    expect(world.measured).toEqual(['config in force', 'idle']);
    expect(await world.status('api/consul-0')).toMatchObject({ version: 1 });
  });

  test('with a mistake in another mechanism stops that one alone', async () => {
    const world = createWorld();
    await world.configure(
      `${jobs(['api'])}  - { job_name: k, kubernetes_sd_configs: [{ roole: 1 }], dns_sd_configs: [7] }\n`,
    );
    expect((await world.start().invoke({})).cycles).toHaveLength(1);
  });

  test('with a mistyped mechanism retires nothing by it', async () => {
    const world = await started(`${jobs(['api'])}  - { job_name: k, dns_sd_configs: [{}] }\n`);
    await world.configure(
      'scrape_configs: [{ job_name: api, conusl_sd_configs: [] }, { job_name: k, dns_sd_configs: [{}] }]',
    );
    const { cycles, retired, config_error } = await world.start().invoke({});
    expect([cycles.length, retired]).toEqual([1, []]);
    expect(config_error).toContain('unknown key, did you mean "consul_sd_configs"?');
  });

  test('that names another store than the functions write to is refused', async () => {
    const world = await started();
    await world.configure(`store: s3://elsewhere/x\n${jobs(['api'])}`);
    expect((await world.start().invoke({})).config_error).toBe(
      's3://bucket/config/muster.yml: store is s3://elsewhere/x, but these functions write to s3://bucket: name that one, or deploy with the other',
    );
    await world.configure(`store: s3://bucket\n${jobs(['api'])}`);
    expect((await world.start().invoke({})).config_error).toBeUndefined();
  });
});
