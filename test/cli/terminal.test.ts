import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { printTable } from '../../lib/cli/output.ts';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { runHere } from '../support/io.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace, type Workplace } from '../support/workplace.ts';

const terminal = { outIsTerminal: true, errIsTerminal: true };

describe('on a terminal', () => {
  let fleet: ConsulFleet;
  let place: Workplace;
  let config: string[];
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'terminal', services: 0, instances: 0 });
    fleet.replace(smallWorld(1));
    place = await makeWorkplace(consulConfig(fleet.url));
    config = ['-c', join(place.folder, 'muster.yml')];
  });
  afterAll(async () => {
    await place?.[Symbol.asyncDispose]();
    await fleet?.stop();
  });

  test('the diff has colours, and elsewhere none', async () => {
    const args = ['run', '--dry-run', ...config];
    const last = async (world: Parameters<typeof runHere>[1]) =>
      (await runHere(args, world)).stdout.split('\n').at(-2);
    const plain = '+ web-0 10.0.0.1:8000';
    const green = `\u001b[32m${plain}\u001b[39m`;
    expect(await last(terminal)).toBe(green);
    expect(await last({})).toBe(plain);
    expect(await last({ ...terminal, env: { NO_COLOR: '1' } })).toBe(plain);
    expect(await last({ ...terminal, env: { TERM: 'dumb' } })).toBe(plain);
    expect(await last({ ...terminal, env: { FORCE_COLOR: '0' } })).toBe(plain);
    expect(await last({ env: { FORCE_COLOR: '1' } })).toBe(green);
  });

  test('status --watch fits the width, and begins each look at the top of the screen', async () => {
    await runHere(['run', ...config]);
    const watch = async (outColumns: number) => {
      const ended = new AbortController();
      let text = '';
      const out = async (part: string | Uint8Array) => {
        text += String(part);
        if (text.split('\u001b[H\u001b[2J').length > 2) ended.abort();
      };
      const world = { ...terminal, env: { NO_COLOR: '1' }, outColumns, out, signal: ended.signal };
      expect((await runHere(['status', '--watch', ...config], world)).code).toBe(0);
      const [before = '', look = ''] = text.split('\u001b[H\u001b[2J');
      return { before, lines: look.trimEnd().split('\n') };
    };
    const wide = await watch(200);
    expect([wide.before, wide.lines.length, wide.lines[1]]).toEqual([
      '',
      2,
      expect.stringMatching(/^api +consul-0 +1 +1 +\d+s +\d+s +ok$/),
    ]);
    const narrow = await watch(60);
    expect(narrow.lines[0]).toMatch(/^JOB/);
    expect(narrow.lines.filter((line) => line.length > 60)).toEqual([]);
    expect(narrow.lines.join(' ')).toMatch(/api[\s\S]*ok/);
  });

  test('a table fits the width: long names lose their middle, prose is broken between words', async () => {
    const heading = ['JOB', 'PROVIDER', 'STATE'];
    const rows = [
      ['a-job-with-a-long-name', 'kubernetes-production', 'failing: the listing failed, HTTP 503'],
    ];
    const print = async (outColumns: number | undefined) => {
      let text = '';
      const out = async (part: string | Uint8Array) => {
        text += String(part);
      };
      await printTable({ out, outColumns, outIsTerminal: false, env: {} }, heading, rows, { last: 'prose' });
      return text;
    };
    expect(await print(60)).toBe(
      'JOB               PROVIDER          STATE\n' +
        'a-job-wi…ng-name  kubernet…duction  failing: the listing\n' +
        '                                    failed, HTTP 503\n',
    );
    expect(await print(undefined)).toBe(
      'JOB                     PROVIDER               STATE\n' +
        'a-job-with-a-long-name  kubernetes-production  failing: the listing failed, HTTP 503\n',
    );
  });

  test('progress is shown and cleared away, and elsewhere there is none', async () => {
    const args = ['targets', '--job', 'api', '--output', 'json', ...config];
    const [watched, piped] = await Promise.all([runHere(args, terminal), runHere(args)]);
    expect([watched.stderr, piped.stderr]).toEqual(['\r\u001b[Kapi/consul-0: 1 of 1 objects\r\u001b[K', '']);
    expect(watched.stdout).toBe(piped.stdout);
  });
});
