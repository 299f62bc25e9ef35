import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runHere } from '../support/io.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

const secret = 'canary-5f2d';

const broken = `scrape_configs:
  - job_name: api
    consul_sd_configs:
      - server: localhost:8500
        refresh_interval: soon
        basic_auth:
          usernam: me
          password: ${secret}
    muster:
      guard: {max_removed: 2}
  - job_name: api
    relabel_configs:
      - {action: hashmod, target_label: x}
    scrape_intervall: 5s
store: {url: .muster/store, region: eu-west-1}
`;

const problems = [
  'muster.yml:5:9 scrape_configs[0].consul_sd_configs[0].refresh_interval: must be a duration such as 30s, 5m or 1h30m',
  'muster.yml:7:11 scrape_configs[0].consul_sd_configs[0].basic_auth.usernam: unknown key, did you mean "username"?',
  'muster.yml:10:15 scrape_configs[0].muster.guard.max_removed: must be a number from 0 to 1',
  'muster.yml:11:5 scrape_configs[1].job_name: must be unique, [0] has the same',
  'muster.yml:13:9 scrape_configs[1].relabel_configs[0].modulus: action hashmod needs a modulus above 0',
  'muster.yml:14:5 scrape_configs[1].scrape_intervall: unknown key, did you mean "scrape_interval"?',
  'muster.yml:15:29 store.region: is for s3:// stores only',
];

const commands = [
  ['check'],
  ['targets', '--job', 'api'],
  ['run'],
  ['status'],
  ['history', '--job', 'api'],
  ['accept', '--job', 'api'],
  ['dev'],
];

describe('a broken configuration', () => {
  test('prints every problem with its line and exits with 2, whatever the command', async () => {
    await using place = await makeWorkplace(broken);
    const results = await Promise.all(commands.map((args) => place.here(args)));
    const short = results.map((result) => ({
      ...result,
      stderr: result.stderr.replaceAll(`${place.folder}/`, ''),
    }));
    expect(short).toEqual(
      commands.map(([name]) => ({
        code: 2,
        stdout: '',
        stderr: `${[...problems, `muster ${name}: 7 problems in muster.yml`].join('\n')}\n`,
      })),
    );
    expect(await place.files()).toEqual(['muster.yml']);
  });

  test('whose YAML is broken is told by line, without its text', async () => {
    await using place = await makeWorkplace(`scrape_configs: [{job_name: "${secret}]\n`);
    const { code, stderr } = await runHere(['check', '-c', `${place.folder}/muster.yml`]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^[^\n]*muster\.yml:\d+:\d+ [^\n]+\n/);
    expect(stderr).not.toContain(secret);
  });
});

describe('a configuration that cannot be read', () => {
  test.each([
    ['is missing', 'none.yml', 'does not exist: name the configuration with --config or MUSTER_CONFIG'],
    ['is a folder', '.', 'is a folder, not a file: name the configuration with --config or MUSTER_CONFIG'],
    ['is no text', 'binary.yml', 'is not UTF-8 text'],
  ])('because it %s', async (_, name, why) => {
    await using place = await makeWorkplace();
    await writeFile(join(place.folder, 'binary.yml'), Uint8Array.of(0xff, 0xfe, 0xff));
    const path = join(place.folder, name);
    expect(await runHere(['check', '-c', path])).toEqual({
      code: 2,
      stdout: '',
      stderr: `muster check: ${path} ${why}\n`,
    });
  });

  test('from a URL that is none of S3', async () => {
    const { code, stderr } = await runHere(['check', '-c', 'https://example.com/muster.yml']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'muster check: the configuration is named by a path or by s3://bucket/key: ' +
        'the URL has the scheme https:, which is not known; use s3://bucket/prefix, file:///folder, or the path of a folder\n',
    });
  });
});

describe('jobs and providers that are not there', () => {
  test.each([
    [['targets', '--job', 'apo'], 'muster targets: no job apo in the configuration; it has api/consul-0'],
    [
      ['run', '--provider', 'dns-0'],
      'muster run: no provider dns-0 in the configuration; it has api/consul-0',
    ],
    [
      ['run', '--job', 'api', '--provider', 'consul-1'],
      'muster run: no provider api/consul-1 in the configuration; it has api/consul-0',
    ],
    [['accept', '--job', 'apo'], 'muster accept: no job apo in the configuration; it has api/consul-0'],
    [['history', '--job', 'apo'], 'muster history: no job apo in the configuration; it has api/consul-0'],
  ])('muster %j says which there are', async (args, line) => {
    await using place = await makeWorkplace(consulConfig('http://127.0.0.1:1'));
    const { code, stderr } = await runHere([...args, '-c', join(place.folder, 'muster.yml')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `${line}\n` });
  });
});
