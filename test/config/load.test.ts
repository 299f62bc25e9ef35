import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { isMusterError } from '../../lib/base/errors.ts';
import { loadConfig } from '../../lib/config/load.ts';
import { mechanisms } from './parsing.ts';

const loaders = mechanisms.map(({ name, configKey, schema }) => ({
  ...{ name, configKey },
  load: async () => ({ name, configKey, schema }),
}));

describe('loading', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'muster-config-'));
    await writeFile(join(directory, 'muster.yml'), 'store: here');
    await writeFile(join(directory, 'bad.yml'), 'stor: here');
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  const load = (options: { location?: string; readUrl?: (url: string) => Promise<string> } = {}) =>
    loadConfig<unknown>({ mechanisms: loaders, directory, ...options });

  async function failure(options: { location?: string }): Promise<unknown> {
    try {
      return await load(options);
    } catch (error) {
      return isMusterError(error) && `${error.kind}: ${error.message.replaceAll(directory, '.')}`;
    }
  }

  test('muster.yml is found by default, and paths start from its folder', async () => {
    const { config, problemAt: _, isUnchanged: __, ...rest } = await load();
    expect([config.store, config.jobs]).toEqual([{ kind: 'file', folder: join(directory, 'here') }, []]);
    expect(rest).toEqual({
      origin: 'muster.yml',
      directory,
      digest: createHash('sha256').update('store: here').digest('hex'),
      files: [],
    });
  });

  test('a URL is read by whoever can', async () => {
    const asked: string[] = [];
    const readUrl = async (url: string) => {
      asked.push(url);
      return 'store: s3://bucket';
    };
    const { config, origin } = await load({ location: 's3://bucket/muster.yml', readUrl });
    expect([asked, origin, config.store]).toEqual([
      ['s3://bucket/muster.yml'],
      's3://bucket/muster.yml',
      { kind: 's3', bucket: 'bucket', prefix: '' },
    ]);
  });

  test('a file: URL names a file, and paths start from its folder', async () => {
    const { config, directory: folder } = await load({
      location: `${pathToFileURL(join(directory, 'muster.yml'))}`,
    });
    expect([config.store, folder]).toEqual([{ kind: 'file', folder: join(directory, 'here') }, directory]);
  });

  test.each(['s3://bucket', 'gs://bucket/muster.yml', 's3://bucket/muster.yml#x'])(
    '%s is no place for a configuration',
    async (location) => {
      expect(await failure({ location })).toMatch(
        /^config: the configuration is named by a path or by s3:\/\/bucket\/key: the URL /,
      );
    },
  );

  test('of what can be read only what the file has is loaded', async () => {
    const loaded: string[] = [];
    const watched = loaders.map((each) => ({
      ...each,
      load: async () => {
        loaded.push(each.name);
        return await each.load();
      },
    }));
    const loadKubeState = async () => {
      loaded.push('kube state');
      return z.object({ name: z.string() });
    };
    const read = (text: string) =>
      loadConfig<unknown, { name: string }>({
        ...{ mechanisms: watched, loadKubeState, directory },
        ...{ location: 's3://bucket/muster.yml', readUrl: async () => text },
      });
    const job = '{ job_name: a, dns_sd_configs: [{ names: [x] }] }';
    expect((await read(`scrape_configs: [${job}]`)).config.jobs).toHaveLength(1);
    expect(loaded.splice(0)).toEqual(['dns']);
    expect((await read('kube_state_metrics: [{ name: b }]')).config.kube_state_metrics).toEqual([
      { name: 'b' },
    ]);
    expect(loaded.splice(0)).toEqual(['kube state']);
    await expect(read('scrape_configs: [{ job_name: a, consul_sd_config: [] }]')).rejects.toThrow(
      'did you mean "consul_sd_configs"?',
    );
    expect(loaded).toEqual([]);
  });

  test.each([
    [
      'none.yml',
      'not-found: ./none.yml does not exist: name the configuration with --config or MUSTER_CONFIG',
    ],
    ['.', 'not-found: . is a folder, not a file: name the configuration with --config or MUSTER_CONFIG'],
    ['bad.yml', 'config: bad.yml:1:1 stor: unknown key, did you mean "store"?'],
    ['s3://bucket/a', 'config: s3://bucket/a: a configuration can only be read from a file here'],
  ])('%s', async (location, message) => {
    expect(await failure({ location })).toBe(message);
  });
});
