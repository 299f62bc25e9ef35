import { execFile } from 'node:child_process';
import { accessSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runHere } from '../support/io.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';

const execute = promisify(execFile);

let place: Workplace;
beforeAll(async () => {
  place = await makeWorkplace();
  for (const shell of ['bash', 'zsh', 'fish', 'man'])
    await place.write(`muster.${shell}`, (await runHere(['completion', shell])).stdout);
  await place.write('configs/prod one.yml', '');
  await place.write('configs/prod-two.yml', '');
});
afterAll(async () => {
  await place?.[Symbol.asyncDispose]();
});

/** What bash offers where these words end. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = `
    source muster.bash
    [[ $(complete -p muster) == 'complete -F _muster muster' ]] || exit 1
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _muster
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execute('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: place.folder });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  test('of commands', async () => {
    expect(await offered('muster', 'he')).toEqual(['held', 'help']);
    const { stdout } = await runHere(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([\w-]+) {2,}\S.*$/gm)].map(([, name]) => name);
    expect(await offered('muster', '')).toEqual([...commands, 'help', 'version']);
    expect(await offered('muster', 'help', '')).toEqual(commands);
  });

  test('of all options of each command, as its help has them', async () => {
    for (const name of await offered('muster', 'help', '')) {
      const { stdout } = await runHere([name, '--help']);
      const [, options = ''] = /\nOptions:\n([\s\S]*)\n\nExamples:/.exec(stdout) ?? [];
      const long = [...options.matchAll(/^ {2}(?:-\w, | {4})(--[a-z-]+)/gm)].map(([, flag]) => flag);
      expect([name, await offered('muster', name, '--')]).toEqual([name, long]);
    }
  });

  test.each([
    [
      ['check', '--output', ''],
      ['table', 'json'],
    ],
    [['check', '--output', 'j'], ['json']],
    [['check', '--output', '=', 't'], ['table']],
    [
      ['check', '--output', '='],
      ['table', 'json'],
    ],
    [['completion', 'f'], ['fish']],
    [['schema', '--format', 'm'], ['markdown']],
    [['targets', '--job', ''], []],
    [['nonsense', ''], []],
  ])('of values: %j', async (words, values) => {
    expect(await offered('muster', ...words)).toEqual(values);
  });

  test('of files, blanks and all', async () => {
    const files = [...(await offered('muster', 'check', '-c', 'configs/prod'))].sort();
    expect(files).toEqual(['configs/prod one.yml', 'configs/prod-two.yml']);
  });
});

/** Shells that not every machine has. */
const testWith = (shell: string) => {
  const isThere = (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, shell));
      return true;
    } catch {
      return false;
    }
  });
  return isThere ? test : test.skip;
};

describe('completion in other shells', () => {
  testWith('zsh')('zsh takes the script', async () => {
    await execute('zsh', ['-n', join(place.folder, 'muster.zsh')]);
  });

  testWith('fish')('fish offers commands, options and values', async () => {
    const offer = async (line: string) => {
      const script = `source ${place.folder}/muster.fish; complete -C ${JSON.stringify(line)}`;
      const { stdout } = await execute('fish', ['--no-config', '-c', script]);
      return stdout.split('\n').map((one) => one.split('\t')[0]);
    };
    expect(await offer('muster hel')).toEqual(['held', 'help', '']);
    expect(await offer('muster check --output ')).toEqual(['json', 'table', '']);
  });

  test('every option of every command is in the scripts of zsh and fish', async () => {
    const [zsh, fish] = await Promise.all([place.read('muster.zsh'), place.read('muster.fish')]);
    for (const name of await offered('muster', 'help', ''))
      for (const flag of await offered('muster', name, '--')) {
        expect(zsh.split(`\n    ${name})`)[1]?.split(';;')[0]).toContain(`${flag}[`);
        expect(fish).toContain(`'__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} `);
      }
  });
});

describe('the manual page', () => {
  test('names every command, option and variable of the environment', async () => {
    const manual = (await place.read('muster.man')).replaceAll('\\-', '-');
    for (const name of await offered('muster', 'help', '')) {
      const [, section = ''] = manual.split(`\n.SS ${name}\n`);
      for (const flag of await offered('muster', name, '--'))
        expect(section.split('\n.SS ')[0]).toContain(`\\fB${flag}\\fR`);
    }
    expect(manual).toContain('.TP\n\\fBMUSTER_CONFIG\\fR\n');
  });

  testWith('groff')('is formatted without a warning', async () => {
    const args = ['-man', '-Tutf8', '-ww', join(place.folder, 'muster.man')];
    const { stdout, stderr } = await execute('groff', args, { maxBuffer: 1 << 22 });
    expect([stderr, stdout.includes('serverless service discovery')]).toEqual(['', true]);
  });
});

test.each([[[]], [['tcsh']]])('wrong usage: muster completion %j', async (args) => {
  expect(await runHere(['completion', ...args])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'muster completion: give one of bash, zsh, fish, man; see "muster completion --help"\n',
  });
});
