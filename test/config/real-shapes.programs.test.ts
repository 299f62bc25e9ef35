import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../lib/base/logger.ts';
import { formatLeftAlone } from '../../lib/config/prometheus-keys.ts';
import { readApp } from '../../lib/run/app.ts';
import { describeWithPrograms, requireProgram } from '../support/programs.ts';
import { shapes } from './shapes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-shapes-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(text: string): Promise<string> {
  const path = join(folder, 'prometheus.yml');
  await writeFile(path, text);
  return path;
}

test('there are forty shapes or more', () => {
  expect(shapes.length).toBeGreaterThanOrEqual(40);
});

test.each(shapes)(
  '$name: is taken, and says what is left to Prometheus',
  async ({ text, providers, left }) => {
    const app = await readApp(await written(text), { env: {}, log: silentLogger });
    expect([
      app.providers.map(({ job, provider }) => `${job}/${provider}`).sort(),
      formatLeftAlone(app.leftAlone),
    ]).toEqual([[...providers].sort(), left && `Left to Prometheus: ${left}`]);
  },
);

/** Mechanisms that some distributions leave out of their Prometheus, and keys that 3.5 has not. */
const unknownHere =
  /(?:aws|azure|consul|kuma|nomad|oci|openstack|stackit)_sd_configs|scrape_native_histograms/;

describeWithPrograms('Prometheus itself', ['promtool'], () => {
  const known = shapes.filter(({ text }) => !unknownHere.test(text));
  test.each(known)('$name: promtool takes it, too', async ({ text }) => {
    // Files of credentials are not there.
    const args = ['check', 'config', '--syntax-only', await written(text)];
    const { stdout } = await promisify(execFile)(requireProgram('promtool'), args);
    expect(stdout).toContain('SUCCESS');
  });
});
