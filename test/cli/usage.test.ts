import { describe, expect, test } from '@jest/globals';
import { runHere } from '../support/io.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

describe('wrong usage is told in one line, before anything is read', () => {
  test.each([
    [['chekc'], 'muster: unknown command "chekc"; did you mean "check"?'],
    [['help', 'statsu'], 'muster: unknown command "statsu"; did you mean "status"?'],
    [['constructor'], 'muster: unknown command "constructor"; see "muster --help"'],
    [['check', '--colour'], `muster check: unknown option '--colour'; see "muster check --help"`],
    [['check', 'x.yml'], `muster check: unexpected argument 'x.yml'; see "muster check --help"`],
    [
      ['check', '-c'],
      `muster check: option '-c, --config <value>' argument missing; see "muster check --help"`,
    ],
    [
      ['check', '-c', '--output'],
      `muster check: option '-c' argument is ambiguous; see "muster check --help"`,
    ],
    [
      ['run', '--dry-run=no'],
      `muster run: option '--dry-run' does not take an argument; see "muster run --help"`,
    ],
    [['targets'], 'muster targets: --job JOB is missing; see "muster targets --help"'],
    [['history'], 'muster history: name the job; see "muster history --help"'],
    [['accept'], 'muster accept: give one of --job, --kube-state and --retired; see "muster accept --help"'],
    [['sync', '--to', 'x'], 'muster sync: --from STORE is missing; see "muster sync --help"'],
    [['sync', '--from', 'x'], 'muster sync: --to DIR is missing; see "muster sync --help"'],
    [
      ['sync', '--from', 'x', '--to', 'y', '--interval', '1ms'],
      'muster sync: --interval is a duration from 100ms to 24d, as in 20s, not "1ms"; see "muster sync --help"',
    ],
    [
      ['sync', '--from', 'x', '--to', 'y', '--interval', '25d'],
      'muster sync: --interval is a duration from 100ms to 24d, as in 20s, not "25d"; see "muster sync --help"',
    ],
    [
      ['demo', '--duration', 'soon'],
      'muster demo: --duration is a duration from 1000ms to 24d, as in 20s, not "soon"; see "muster demo --help"',
    ],
    [
      ['history', '--job', 'api', '--show', '0'],
      'muster history: --show is a whole number from 1 up, not "0"; see "muster history --help"',
    ],
    [
      ['history', '--job', 'api', '--limit', '1e3'],
      'muster history: --limit is a whole number from 1 up, not "1e3"; see "muster history --help"',
    ],
    [
      ['targets', '--job', 'api', '--limit', '0'],
      'muster targets: --limit is a whole number from 1 up, not "0"; see "muster targets --help"',
    ],
    ...['check', 'targets', 'run', 'status', 'history'].map((name): [string[], string] => [
      [name, '--job', 'api', '--output', 'yaml'].filter(
        (arg) => !(['check', 'status'].includes(name) && ['--job', 'api'].includes(arg)),
      ),
      `muster ${name}: --output is table or json, not "yaml"; see "muster ${name} --help"`,
    ]),
  ])('muster %j', async (args, line) => {
    expect(await runHere(args)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` });
  });

  test('a store that is none', async () => {
    const { code, stdout, stderr } = await runHere(['sync', '--from', 'gs://bucket', '--to', 'x', '--once']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'muster sync: store: the URL has the scheme gs:, which is not known; use s3://bucket/prefix, file:///folder, or the path of a folder\n',
    );
  });

  test.each(['9469', ':99999', 'localhost'])('an address to listen on that is none: %s', async (listen) => {
    await using place = await makeWorkplace({});
    const args = ['sync', '--from', `${place.folder}/store`, '--to', `${place.folder}/targets`];
    expect(await runHere([...args, '--listen', listen])).toEqual({
      code: 2,
      stdout: '',
      stderr: `muster sync: ${JSON.stringify(listen)} is not an address to listen on; write :9469, 127.0.0.1:9469 or [::1]:9469\n`,
    });
  });
});

describe('options from the environment', () => {
  test('stand in for those that are not given', async () => {
    await using place = await makeWorkplace();
    await place.write('other.yml', consulConfig('http://127.0.0.1:1'));
    const env = { MUSTER_CONFIG: `${place.folder}/other.yml` };
    const fromEnv = await runHere(['check'], { env });
    expect({ code: fromEnv.code, stderr: fromEnv.stderr }).toEqual({
      code: 0,
      stderr: `${env.MUSTER_CONFIG} is valid: 1 job, 1 provider, store file://${place.folder}/.muster/store\n`,
    });
    const given = await runHere(['check', '-c', `${place.folder}/none.yml`], { env });
    expect(given.code).toBe(2);
  });

  test('an empty variable counts as none', async () => {
    const { stderr } = await runHere(['sync', '--to', 'x'], { env: { MUSTER_FROM: '' } });
    expect(stderr).toContain('--from STORE is missing');
  });
});
