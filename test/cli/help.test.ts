import { describe, expect, test } from '@jest/globals';
import { runHere } from '../support/io.ts';

const commands = [
  ...[
    'init',
    'check',
    'doctor',
    'adopt',
    'targets',
    'plan',
    'run',
    'sync',
    'status',
    'explain',
    'history',
    'show',
    'diff',
    'rollback',
    'pin',
    'unpin',
    'reject',
    'accept',
    'held',
    'retire',
    'kube-state',
    'monitors',
    'deploy-check',
    'cost',
    'schema',
    'completion',
    'dev',
    'demo',
  ],
];

const arguments_: Readonly<Record<string, string>> = {
  retire: ' JOB',
  completion: ' SHELL',
  adopt: ' FILE',
  explain: ' TARGET|LABEL=VALUE…',
  history: ' JOB',
  show: ' JOB',
  diff: ' JOB A [B]',
  rollback: ' JOB',
  pin: ' JOB',
  unpin: ' JOB',
  reject: ' JOB',
};

describe('help', () => {
  test('the overview names every command with what it does', async () => {
    const { code, stdout, stderr } = await runHere(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([\w-]+) {2,}\S.*$/gm)].map(([, name]) => name);
    expect({ code, stderr, listed }).toEqual({ code: 0, stderr: '', listed: commands });
  });

  test.each(commands)('muster %s --help has a description, its options and an example', async (name) => {
    const { code, stdout, stderr } = await runHere([name, '--help']);
    const [description = '', usage, options = '', examples = ''] = stdout.trimEnd().split('\n\n');
    expect({ code, stderr, usage }).toEqual({
      code: 0,
      stderr: '',
      usage: `Usage: muster ${name}${arguments_[name] ?? ''} [options]`,
    });
    expect(description).toMatch(/^[A-Z][\s\S]{40,}\.$/);
    expect(options.split('\n')).toEqual(['Options:', ...options.split('\n').slice(1).map(anOption)]);
    expect(options).toMatch(/^ {2}-h, --help +Show this help\.$/m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    const shown = examples.split('\n').slice(1);
    expect(shown).toEqual(shown.map(() => expect.stringMatching(new RegExp(`^  muster ${name}\\b`))));
    expect(shown.length).toBeGreaterThan(0);
  });

  test.each(commands)('the examples of muster %s have only options which it knows', async (name) => {
    const { stdout } = await runHere([name, '--help']);
    const [help = '', examples = ''] = stdout.split('\nExamples:\n');
    const known = new Set(help.match(/(?<=^ {2}.*)(?<![\w-])--?[a-z][a-z-]*/gm));
    const used = examples.replace(/\|.*/g, '').match(/(?<=\s)--?[a-z][a-z-]*/g) ?? [];
    expect(used.filter((option) => !known.has(option))).toEqual([]);
  });

  test.each(['--version', '-V', 'version'])('%s is that of the package', async (asked) => {
    const manifest = await import('../../package.json', { with: { type: 'json' } });
    expect(await runHere([asked])).toEqual({
      code: 0,
      stdout: `muster ${manifest.default.version}\n`,
      stderr: '',
    });
  });

  test('muster help COMMAND is its --help', async () => {
    expect(await runHere(['help', 'targets'])).toEqual(await runHere(['targets', '--help']));
  });
});

/** An option with its help, or the note of the one above. */
function anOption(): unknown {
  return expect.stringMatching(
    /^ {2}(-\w, | {4})--[a-z-]+( [A-Z]+)? +\w.*$|^ {20,}\(.*\)$|^ {2}-h, --help +Show this help\.$/,
  );
}
