import { expect, test } from '@jest/globals';
import { createWorld, jobs } from './world.ts';

const main = 'scrape_config_files: [jobs/*.yml]\n';
const gone =
  's3://bucket/config/muster.yml:1:23 scrape_config_files[0]: jobs/web.yml was named last time, with job "web", and is ' +
  'gone or empty: put it back, or write scrape_configs: [] in it before it is deleted';

async function started() {
  const world = createWorld();
  const put = (path: string, text: string) =>
    world.store.put(`config/${path}`, new TextEncoder().encode(text), { condition: 'any' });
  await world.configure(main);
  await put('jobs/api.yml', jobs(['api']));
  await put('jobs/web.yml', jobs(['web']));
  const { invoke } = world.start();
  await invoke({});
  return { world, put, invoke };
}

test('follows each file that the configuration names', async () => {
  const { put, invoke } = await started();
  expect(await invoke({})).toMatchObject({ started: [{ job: 'api' }, { job: 'web' }] });
  await put('jobs/api.yml', jobs(['api', 'db']));
  expect(await invoke({})).toMatchObject({ started: [{ job: 'api' }, { job: 'db' }, { job: 'web' }] });
});

test.each(['warm', 'cold'])('keeps the jobs of a file that vanished, until it is back: %s', async (kind) => {
  const { world, put, ...first } = await started();
  await world.store.delete('config/jobs/web.yml');
  const { invoke } = kind === 'warm' ? first : world.start();
  for (const _ of [1, 2])
    expect(await invoke({})).toMatchObject({
      started: [{ job: 'api' }, { job: 'web' }],
      retired: [],
      config_error: gone,
    });
  await put('jobs/new.yml', jobs(['web']));
  const healed = await invoke({});
  expect([healed.started, healed.config_error]).toEqual([
    [
      { job: 'api', provider: 'consul-0' },
      { job: 'web', provider: 'consul-0' },
    ],
    undefined,
  ]);
});

test('a mistake in a file is told with its name, and the last good ones stay in force', async () => {
  const { world, put } = await started();
  await put('jobs/web.yml', 'scrape_configs: [{ job_nam: web }]');
  expect(await world.start().invoke({})).toMatchObject({
    started: [{ job: 'api' }, { job: 'web' }],
    retired: [],
    config_error: expect.stringMatching(/^s3:\/\/bucket\/config\/jobs\/web\.yml:1:\d+ /),
  });
});
