import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { overviewBody } from '../../lib/sidecar/page/overview.ts';
import { createModel } from '../../lib/sidecar/serve/model.ts';
import { makeWorkplace } from '../support/workplace.ts';

const mixed = {
  scrape_configs: [
    { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
    { job_name: 'aws', gce_sd_configs: [{ zone: 'a' }] },
    { job_name: 'api', dns_sd_configs: [{ names: ['localhost'], type: 'A', port: 1 }], static_configs: [{}] },
  ],
};
const line = 'Left to Prometheus: static_configs of prometheus, api; gce_sd_configs of aws';

test('check and status say in one line what is left to Prometheus', async () => {
  await using place = await makeWorkplace(mixed);
  const [checked, seen] = [await place.here(['check']), await place.here(['status'])];
  expect([checked.code, checked.stderr.split('\n')[1], seen.code, seen.stderr]).toEqual([
    0,
    line,
    0,
    `${line}\n`,
  ]);
});

test.each(['check', 'run'])('%s --strict refuses it', async (command) => {
  await using place = await makeWorkplace(mixed);
  const { code, stderr } = await place.here([command, '--strict']);
  expect([code, stderr.match(/which "strict" forbids/g)]).toEqual([
    2,
    Array(3).fill('which "strict" forbids'),
  ]);
});

test('a job that moves into a file, and the file that is renamed, change nothing that is published', async () => {
  await using place = await makeWorkplace(mixed);
  const published = async () => {
    const { code } = await place.here(['run']);
    const files = (await place.files('.muster/store')).filter((path) =>
      /^(?:targets|journal|retired)\//.test(path),
    );
    const texts = files.filter((path) => path.startsWith('targets/'));
    return [code, files, await Promise.all(texts.map((path) => place.read(`.muster/store/${path}`)))];
  };
  const before = await published();
  const [prometheus, aws, api] = mixed.scrape_configs;
  await place.write('muster.yml', { scrape_config_files: ['jobs/*.yml'], scrape_configs: [prometheus, aws] });
  await place.write('jobs/api.yml', { scrape_configs: [api] });
  expect(await published()).toEqual(before);
  await rename(join(place.folder, 'jobs/api.yml'), join(place.folder, 'jobs/other.yml'));
  expect(await published()).toEqual(before);
});

test('the page has a note of it', () => {
  const model = createModel({
    ...{ sources: [], staleAfter: 1, now: () => 0 },
    health: { live: () => ({ ok: true, reason: 'ok' }), ready: () => ({ ok: true, reason: 'ok' }) },
    configProblem: () => '',
    configNote: () => line,
  });
  const nothing = {
    overview: { providers: [], errors: [] },
    outputs: { outputs: [], errors: [] },
    wish: { filter: '', sort: 'state', reverse: false, grouped: false, offset: 0 } as const,
  };
  expect(`${overviewBody(model, nothing)}`).toContain(`<p class="note"><bdi>${line}</bdi></p>`);
});
