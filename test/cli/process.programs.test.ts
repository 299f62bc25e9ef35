import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsulFleet, startConsulFleet } from '../../lib/sim/consul.ts';
import { copyCommand } from '../support/command.ts';
import { startHttpServer } from '../support/http-server.ts';
import { runMuster, startMuster } from '../support/muster.ts';
import { smallWorld } from '../support/small-world.ts';
import { consulConfig, makeWorkplace } from '../support/workplace.ts';

describe('the process', () => {
  let fleet: ConsulFleet;
  beforeAll(async () => {
    fleet = await startConsulFleet({ seed: 'process', services: 0, instances: 0 });
  });
  beforeEach(() => {
    fleet.faults.clear();
    fleet.replace(smallWorld(2));
  });
  afterAll(() => fleet?.stop());

  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a run in order with exit code %i, and nothing is published', async (signal, code) => {
    await using place = await makeWorkplace(consulConfig(fleet.url));
    fleet.faults.add({ kind: 'hang' }, { when: ({ path }) => path.endsWith('/web-1') });
    const before = fleet.requests.length;
    await using running = place.start(['run']);
    while (!fleet.requests.slice(before).some(({ path }) => path.endsWith('/web-1'))) await sleep(10);
    expect(await running.stop(signal)).toEqual({
      code,
      stdout: 'JOB  PROVIDER  OUTCOME  VERSION  TARGETS\napi  consul-0  failed   0        0\n',
      stderr: 'muster run: api/consul-0: stopped before the listing was full; the last good list stays\n',
    });
    expect(await place.files('.muster/store')).toEqual([]);
  });

  test('a reader of the output that leaves early, as head does, is no error', async () => {
    fleet.replace(smallWorld(3000));
    await using place = await makeWorkplace(consulConfig(fleet.url));
    await using running = place.start(['targets', '--job', 'api', '--output', 'json']);
    await running.waitFor(/"web-0"/);
    running.closeStdout();
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('no secret of the configuration is ever printed, even when the registry sends it back', async () => {
    await using echo = await startHttpServer((request, response) => {
      const basic = /^Basic (.*)/.exec(String(request.headers.authorization))?.[1] ?? '';
      response.writeHead(403);
      response.end(`you sent ${JSON.stringify(request.headers)} ${Buffer.from(basic, 'base64')}`);
    });
    const secrets = ['canary-token-1', 'canary-password-2', 'canary-header-3'];
    const [token, password, header] = secrets;
    const http = {
      basic_auth: { username: 'me', password },
      http_headers: { 'X-Key': { secrets: [header] } },
    };
    await using place = await makeWorkplace({
      scrape_configs: [
        { job_name: 'api', consul_sd_configs: [{ server: echo.url, token }] },
        { job_name: 'web', consul_sd_configs: [{ server: echo.url, ...http }] },
      ],
    });
    const env = { MUSTER_LOG_LEVEL: 'debug' };
    const results = await Promise.all(
      [
        ['check', '--output', 'json'],
        ['run', '--output', 'json'],
        ['targets', '--job', 'api'],
        ['targets', '--job', 'web'],
      ].map((args) => place.run(args, { env })),
    );
    results.push(await place.run(['status', '--output', 'json'], { env }));
    expect(results.map(({ code }) => code)).toEqual([0, 1, 1, 1, 0]);
    const printed = JSON.stringify(results);
    const seen = JSON.stringify(echo.requests);
    const found = (text: string) =>
      [...secrets, btoa(`me:${password}`)].map((secret) => text.includes(secret));
    expect([found(printed), found(seen)]).toEqual([
      [false, false, false, false],
      [true, false, true, true],
    ]);
  });
});

describe('exit codes', () => {
  test('good is 0, failed is 1, wrong usage is 2', async () => {
    await using place = await makeWorkplace(consulConfig('http://127.0.0.1:1'));
    const codes = await Promise.all(
      [['check'], ['targets', '--job', 'api'], ['chekc']].map(async (args) => (await place.run(args)).code),
    );
    expect(codes).toEqual([0, 1, 2]);
  });

  test('without a command the overview goes to standard error', async () => {
    const { code, stdout, stderr } = await runMuster([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: muster COMMAND [options]');
  });
});

describe('the bundle', () => {
  test('starts from a folder without node_modules', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-bundle-'));
    try {
      await copyCommand(folder);
      const command = [process.execPath, join(folder, 'muster.mjs')] as const;
      await using place = await makeWorkplace(consulConfig('http://127.0.0.1:1'));
      const { stdout: schema } = await runMuster(['schema']);
      expect(await readFile(join(folder, 'muster.schema.json'), 'utf8')).toBe(schema);
      const [help, check, run] = await Promise.all([
        runMuster(['--help'], { command }),
        place.run(['check'], { command }),
        place.run(['run'], { command }),
      ]);
      expect([help.code, check.code, run.code]).toEqual([0, 0, 1]);
      expect(help.stdout).toContain('Usage: muster COMMAND [options]');
      expect(check.stdout).toContain('api  consul-0  30s    60s       auto');
      expect(run.stderr).toMatch(
        /^muster run: api\/consul-0: GET http:\/\/127\.0\.0\.1:1\/[^\n]*\(ECONNREFUSED\)[^\n]*\n$/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('a level of the log that is none is told, not taken for another', async () => {
  const { code, stdout, stderr } = await runMuster(['check'], { env: { MUSTER_LOG_LEVEL: 'verbose' } });
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'muster: MUSTER_LOG_LEVEL is debug, info, warn or error, not "verbose"\n',
  });
});

test('SIGTERM ends a command whose configuration comes from a pipe that hangs', async () => {
  await using place = await makeWorkplace();
  const pipe = join(place.folder, 'muster.yml');
  execFileSync('mkfifo', [pipe]);
  await using running = startMuster(['check', '-c', pipe]);
  const writer = await openForWriting(pipe);
  const { code, stderr } = await running.stop();
  closeSync(writer);
  expect([code, stderr]).toEqual(['SIGTERM', 'muster check: stopped before the end\n']);
});

/** Waits until somebody reads the pipe. */
async function openForWriting(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await sleep(50);
    }
  }
}
