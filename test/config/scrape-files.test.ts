import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../lib/config/load.ts';
import { ConfigError, formatProblems } from '../../lib/config/problem.ts';
import { mechanisms } from './parsing.ts';

const loaders = mechanisms.map(({ name, configKey, schema }) => ({
  ...{ name, configKey },
  load: async () => ({ name, configKey, schema }),
}));

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'muster-files-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
}

const job = (name: string) =>
  `scrape_configs: [{ job_name: ${name}, dns_sd_configs: [{ names: [${name}] }] }]\n`;
const load = (options = {}) => loadConfig<unknown>({ mechanisms: loaders, directory, ...options });

/** The problems, one a line. */
async function problems(options = {}): Promise<readonly string[]> {
  try {
    await load(options);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return formatProblems(error.origin, error.problems).replaceAll(directory, '.').split('\n');
  }
}

const names = async (options = {}) => (await load(options)).config.jobs.map(({ name }) => name);

describe('scrape_config_files', () => {
  test.each([
    ['jobs/*.yml', ['main', 'a', 'b']],
    ['jobs/b.yml', ['main', 'b']],
    ['jobs/[b-c].yml', ['main', 'b']],
    ['jobs/[^b].yml', ['main', 'a']],
    ['jobs/?.yml', ['main', 'a', 'b']],
    ['j?bs/a*', ['main', 'a']],
    ['./jobs/\\\\a.yml', ['main', 'a']],
    ['nowhere/*.yml', ['main']],
  ])('are found by the patterns of Go: %s', async (pattern, jobs) => {
    await write({
      'muster.yml': `scrape_config_files: ["${pattern}"]\n${job('main')}`,
      'jobs/b.yml': job('b'),
      'jobs/a.yml': job('a'),
      'jobs/c.txt': 'no YAML: [',
    });
    expect(await names()).toEqual(jobs);
  });

  test('have their mistakes told at file, line and column, all at once', async () => {
    await write({
      'muster.yml': `scrape_config_files: [jobs/*.yml, gone.yml, "*/a.yml", "["]\nowner: "?"\n${job('a')}`,
      'jobs/1.yml': `# one\n${job('a')}`,
      'jobs/2.yml': 'scrape_configs:\n  - { job_name: b, dns_sd_config: [] }\n  - {}\nglobal: {}\n',
      'jobs/3.yml': '- job_name: c\n',
      'jobs/4.yml': 'a: [',
    });
    expect(await problems()).toEqual([
      'muster.yml:1:35 scrape_config_files[1]: ./gone.yml does not exist',
      'muster.yml:1:45 scrape_config_files[2]: may have * in its last part only, as in jobs/*.yml',
      'muster.yml:1:56 scrape_config_files[3]: is no pattern: a [ without its ], or a backslash at the end',
      'muster.yml:2:1 owner: must be a name of letters, digits, ., - and _, 100 at most',
      'jobs/1.yml:2:20 scrape_configs[0].job_name: must be unique, scrape_configs[0] of muster.yml has the same',
      'jobs/2.yml:2:20 scrape_configs[0].dns_sd_config: unknown key, did you mean "dns_sd_configs"?',
      'jobs/2.yml:3:5 scrape_configs[1].job_name: is required',
      'jobs/2.yml:4:1 global: unknown key',
      'jobs/3.yml:1:1 must be a mapping: put "scrape_configs:" above the list',
      expect.stringMatching(/^jobs\/4.yml:1:\d+ /),
    ]);
  });

  test('that vanish fail the load until they, or their jobs, are back', async () => {
    await write({
      'muster.yml': 'scrape_config_files: [jobs/*.yml]\n',
      'jobs/a.yml': job('a'),
      'jobs/b.yml': job('b'),
    });
    const { files: before, digest } = await load();
    const gone =
      'muster.yml:1:23 scrape_config_files[0]: jobs/a.yml was named last time, with job "a", and is gone or empty: ' +
      'put it back, or write scrape_configs: [] in it before it is deleted';
    await rename(join(directory, 'jobs/a.yml'), join(directory, 'jobs/a.off'));
    expect(await problems({ before })).toEqual([gone]);
    await write({ 'jobs/a.yml': '' });
    expect(await problems({ before })).toEqual([gone]);
    await write({ 'jobs/a.yml': 'scrape_configs: []' });
    expect(await names({ before })).toEqual(['b']);
    await rm(join(directory, 'jobs/a.yml'));
    await write({ 'jobs/c.yml': job('a') });
    expect(await names({ before })).toEqual(['b', 'a']);
    expect((await load()).digest).not.toBe(digest);
    await write({ 'muster.yml': 'scrape_config_files: [jobs/b.yml]\n' });
    expect(await names({ before })).toEqual(['b']);
  });

  test('have relative paths that start from their own folder', async () => {
    await write({
      'muster.yml': `scrape_config_files: [jobs/*.yml]\n${job('main')}`,
      'jobs/a.yml': job('a'),
    });
    expect((await load()).config.jobs.map((one) => one.directory)).toEqual([
      undefined,
      join(directory, 'jobs'),
    ]);
  });

  test('of a bucket are the objects below the same prefix', async () => {
    const objects: Readonly<Record<string, string>> = {
      'conf/muster.yml': 'scrape_config_files: [jobs/*.yml, ../x.yml, /y.yml]',
      'conf/jobs/a.yml': job('a'),
      'conf/jobs/old/b.yml': job('b'),
    };
    const readUrl = async (_: string, { key }: { readonly key: string }) => objects[key] ?? '';
    const listUrl = async (_: unknown, folder: string) =>
      Object.keys(objects).filter((key) => key.startsWith(folder));
    const options = { location: 's3://bucket/conf/muster.yml', readUrl, listUrl };
    const below = 'must be relative to the folder of the configuration and lie below it';
    expect(await problems(options)).toEqual([
      `s3://bucket/conf/muster.yml:1:35 scrape_config_files[1]: ${below}`,
      `s3://bucket/conf/muster.yml:1:45 scrape_config_files[2]: ${below}`,
    ]);
    const good = async (url: string, object: { readonly key: string }) =>
      object.key === 'conf/muster.yml' ? 'scrape_config_files: [jobs/*.yml]' : readUrl(url, object);
    expect(await names({ ...options, readUrl: good })).toEqual(['a']);
  });
});

describe('a bare list', () => {
  test('is taken as scrape_configs', async () => {
    await write({ 'muster.yml': '- { job_name: a, dns_sd_configs: [{ names: [a] }] }\n- job_name: b\n' });
    expect(await names()).toEqual(['a', 'b']);
  });

  test('has its mistakes told by the place in it', async () => {
    await write({ 'muster.yml': '- { job_name: a }\n- { job_nam: b }\n' });
    expect(await problems()).toEqual([
      'muster.yml:2:3 [1].job_name: is required',
      'muster.yml:2:5 [1].job_nam: unknown key, did you mean "job_name"?',
    ]);
  });
});

describe('strict', () => {
  const text = 'scrape_configs:\n  - job_name: a\n    static_configs: [{}]\n    ec2_sd_configs: [{}]\n';
  test.each([
    [`strict: true\n${text}`, {}, 4],
    [text, { strict: true }, 3],
  ])('refuses what is left to Prometheus', async (source, options, line) => {
    await write({ 'muster.yml': source });
    expect(await problems(options)).toEqual([
      `muster.yml:${line}:5 scrape_configs[0].static_configs: is left to Prometheus, which "strict" forbids: muster: { publish: all } of the job publishes these targets too`,
      `muster.yml:${line + 1}:5 scrape_configs[0].ec2_sd_configs: is left to Prometheus, which "strict" forbids: Muster has no backend for it; it has consul_sd_configs and dns_sd_configs`,
    ]);
  });

  test('is off by default, and a misspelt key is wrong all the same', async () => {
    await write({ 'muster.yml': text.replace('ec2_sd_configs', 'ec2_sd_confgs') });
    expect(await problems()).toEqual([
      'muster.yml:4:5 scrape_configs[0].ec2_sd_confgs: unknown key, did you mean "ec2_sd_configs"?',
    ]);
  });
});
