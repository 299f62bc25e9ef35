import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import { copyCommand } from '../support/command.ts';
import { type RealConsul, startConsul } from '../support/consul.ts';
import type { RunningMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { makeWorkplace, type Workplace } from '../support/workplace.ts';
import { servicesHere } from './world.ts';

/** Each test goes on from where the one before it ended. */
describeWithPrograms('muster dev', ['consul'], () => {
  let agent: RealConsul;
  let place: Workplace;
  let dev: RunningMuster;
  let url: string;

  beforeAll(async () => {
    [agent, place] = await Promise.all([startConsul(), makeWorkplace()]);
    await agent.register(servicesHere([{ service: 'web', port: 8001 }]));
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    await place.write('muster.yml', config(['api']));
    dev = place.start(['dev', '--listen', `127.0.0.1:${port}`]);
  });
  afterAll(async () => {
    await dev?.[Symbol.asyncDispose]();
    await agent?.stop();
    await place?.[Symbol.asyncDispose]();
  });

  const config = (jobs: readonly string[]) => ({
    defaults: { retire_after: '2s' },
    scrape_configs: jobs.map((job_name) => ({
      job_name,
      consul_sd_configs: [{ server: agent.url, refresh_interval: '1s' }],
    })),
  });
  const files = () => place.files('.muster/targets');
  const addresses = async (job: string) =>
    decodeFileSd(Buffer.from(await place.read(`.muster/targets/${job}/consul-0.json`)))
      .flatMap(({ targets }) => targets)
      .sort();

  test('says what to paste into prometheus.yml, and the file it names appears', async () => {
    await dev.waitFor(/\*\.json"\]\n/);
    await dev.waitFor(/target file written/);
    expect(dev.stdout()).toBe(
      '# Paste into prometheus.yml, and keep your rules:\n' +
        'scrape_configs:\n' +
        '  - job_name: "api"\n' +
        '    file_sd_configs:\n' +
        `      - files: ["${place.folder}/.muster/targets/api/*.json"]\n`,
    );
    expect(await files()).toEqual(['api/consul-0.json']);
    expect(await addresses('api')).toContain('127.0.0.1:8001');
  });

  test('serves its health and metrics', async () => {
    const [health, metrics] = await Promise.all([fetch(`${url}/healthz`), fetch(`${url}/metrics`)]);
    expect([health.status, await health.text(), metrics.status]).toEqual([200, 'ok\n', 200]);
    expect(await metrics.text()).toMatch(/^muster_sync_targets\{job="api",provider="consul-0"\} 2$/m);
  });

  test('follows the registry', async () => {
    await agent.register(servicesHere([{ service: 'fresh', port: 8002 }]));
    const found = async () => (await addresses('api')).includes('127.0.0.1:8002');
    expect(await polled(found, true)).toBe(true);
  });

  test('takes over a changed configuration: a new job appears, one that left is retired', async () => {
    await place.write('muster.yml', config(['api', 'web']));
    expect(await polled(files, ['api/consul-0.json', 'web/consul-0.json'])).toEqual([
      'api/consul-0.json',
      'web/consul-0.json',
    ]);
    await place.write('muster.yml', config(['web']));
    expect(await polled(files, ['web/consul-0.json'])).toEqual(['web/consul-0.json']);
    await dev.waitFor(/msg="the new configuration is in force" config=muster.yml providers=1 outputs=0\n/);
    await dev.waitFor(
      /msg="retired: it is no longer in the configuration" job=api provider=consul-0 targets=3\n/,
    );
  });

  test('keeps the last good configuration in force while the file is broken, and says so once', async () => {
    await place.write('muster.yml', 'scrape_configs: [{job_name: web, consul_sd_configs: [{servr: x}]}]');
    await dev.waitFor(/the last good configuration stays in force/);
    await agent.register(servicesHere([{ service: 'later', port: 8003 }]));
    const found = async () => (await addresses('web')).includes('127.0.0.1:8003');
    expect(await polled(found, true)).toBe(true);
    expect(await files()).toEqual(['web/consul-0.json']);
    const problem = 'the last good configuration stays in force: muster.yml:1:55';
    expect(await (await fetch(url)).text()).toContain(`Configuration: <bdi>${problem}`);
    expect(await (await fetch(`${url}/api/v1/providers`)).json()).toMatchObject({
      configuration: { ok: false, reason: expect.stringContaining(problem) },
    });
    const good = async () =>
      /^muster_config_last_reload_successful (\d)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
    expect(await good()).toBe('0');

    await place.write('muster.yml', config(['web']));
    await dev.waitFor(/the configuration is good again/);
    expect(await good()).toBe('1');
    const lines = dev
      .stderr()
      .split('\n')
      .filter((line) => line.includes('configuration stays in force'));
    expect(lines.map((line) => line.slice(line.indexOf('level=')))).toEqual([
      'level=error msg="the last good configuration stays in force: muster.yml:1:55 ' +
        'scrape_configs[0].consul_sd_configs[0].servr: unknown key, did you mean \\"server\\"?" config=muster.yml',
    ]);
  });

  test('ends in order at SIGTERM, and a second one goes on from its store', async () => {
    expect((await dev.stop()).code).toBe(0);
    const status = await place.run(['status']);
    expect(status.stdout.split('\n')[1]).toMatch(/^web +consul-0 +\d+ +4 .* ok$/);
    await using again = place.start(['dev', '--listen', '127.0.0.1:0', '--to', 'elsewhere']);
    await again.waitFor(/target file written/);
    expect(await place.files('elsewhere')).toEqual(['web/consul-0.json']);
    expect((await again.stop('SIGINT')).code).toBe(0);
  });
});

describeWithPrograms('muster demo', [], () => {
  const jobs = ['consul', 'kubernetes', 'marathon'];

  test('shows targets, changes and the stanza until it is told to end, and leaves nothing behind', async () => {
    await using place = await makeWorkplace();
    await using demo = place.start(['demo']);
    for (const job of jobs) await demo.waitFor(new RegExp(`  ${job}  version 2 .*\\n {4}[-+~] \\S+.*\\n`));
    const { code, stdout, stderr } = await demo.stop('SIGINT');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const stanzas = [...stdout.matchAll(/files: \["(?<folder>.*)\/targets\/(?<job>\w+)\/\*\.json"\]/g)];
    expect(stanzas.map(({ groups }) => groups?.job)).toEqual(jobs);
    const folder = stanzas[0]?.groups?.folder ?? '';
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
    expect(stdout).toMatch(
      /^\d\d:\d\d:\d\d {2}consul {2}version 1 {2}60 targets {2}published {2}\+60 -0 ~0 targets$/m,
    );
    expect(stdout).toMatch(/^ {4}… and 52 more$/m);
    expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+\/metrics/);
    expect(stdout).not.toContain('\u001b');
  });

  test('shows a held drop, an error and a kube-state output, at an address that it keeps and tells again', async () => {
    await using place = await makeWorkplace();
    await using other = place.start(['demo']);
    const [, first = ''] = await other.waitFor(/Look at it: http:\/\/127\.0\.0\.1:(\d+)\//);
    await using demo = place.start(['demo']);
    const [, second = ''] = await demo.waitFor(/Look at it: http:\/\/127\.0\.0\.1:(\d+)\//);
    expect([Number(first) >= 9469, Number(second) > Number(first)]).toEqual([true, true]);
    await other.stop();
    const kubeState = async () => (await fetch(`http://127.0.0.1:${second}/kube-state/demo`)).text();
    expect(await polled(async () => /^kube_pod_info\{/m.test(await kubeState()), true)).toBe(true);
    await demo.waitFor(
      / consul {2}version \d+ {2}\d+ targets .*held\W+the listing (?:is empty|fell from \d+ to \d+ targets): \d+ targets stay published until /,
    );
    await demo.waitFor(/ marathon {2}version \d+ {2}\d+ targets {2}failed {2}GET \S+: HTTP 503 /);
    await demo.waitFor(/(?:Look at it: [\s\S]*){2}/);
  });

  test('leaves nothing behind when its terminal is closed', async () => {
    await using place = await makeWorkplace();
    await using demo = place.start(['demo'], { env: { TMPDIR: place.folder } });
    await demo.waitFor(/version 1 /);
    expect([(await demo.stop('SIGHUP')).code, await place.files()]).toEqual([0, []]);
  });

  test('ends by itself after the time that it is given', async () => {
    await using place = await makeWorkplace();
    const { code, stderr } = await place.run(['demo', '--duration', '1s']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('has a page to look at while it runs', async () => {
    await using place = await makeWorkplace();
    await using demo = place.start(['demo']);
    const [, url = ''] = await demo.waitFor(/Look at it: (\S+)/);
    const page = async () => (await fetch(`${url}jobs/consul`)).text();
    expect(await polled(async () => (await page()).includes('__meta_<wbr>consul_<wbr>service'), true)).toBe(
      true,
    );
  });

  test('that finds no room for its folder says so and ends', async () => {
    await using place = await makeWorkplace();
    expect(await place.run(['demo'], { env: { TMPDIR: '/dev/null' } })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'muster demo: cannot make a folder in /dev/null (ENOTDIR): set TMPDIR to a writable folder\n',
    });
  });

  test('that cannot listen says so and ends', async () => {
    await using place = await makeWorkplace();
    const { code, stderr } = await place.run(['demo', '--listen', '203.0.113.1:1']);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^muster demo: cannot listen on 203\.0\.113\.1:1: [^\n]+; choose another address\n$/,
    );
  });
});

describeWithPrograms('npm start', [], () => {
  test('hands on what stands behind --, as npm puts it', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    await using place = await makeWorkplace();
    await copyCommand(join(place.folder, 'dist'));
    const script = `${manifest.scripts.start} "--duration" "1 s"`;
    const { code, stderr } = await place.run([], { command: ['/bin/sh', '-c', script] });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'muster demo: --duration is a duration from 1000ms to 24d, as in 20s, not "1 s"; see "muster demo --help"\n',
    });
  });

  test('is the demo where no muster.yml lies, and muster dev where one does', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    await using place = await makeWorkplace();
    const env = {
      PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
      MUSTER_LISTEN: '127.0.0.1:0',
      // What the demo cannot remove any more goes with the place.
      TMPDIR: place.folder,
    };
    await copyCommand(join(place.folder, 'dist'));
    const start = { command: ['/bin/sh', '-c', manifest.scripts.start], env } as const;
    {
      await using running = place.start([], start);
      await running.waitFor(/^A simulated Consul answers at http:/m);
      await running.waitFor(/version 1 /);
    }
    await place.write('muster.yml', {
      scrape_configs: [{ job_name: 'mine', consul_sd_configs: [{ server: '127.0.0.1:1' }] }],
    });
    await using running = place.start([], start);
    await running.waitFor(/^ {2}- job_name: "mine"$/m);
    await running.waitFor(/level=error .* job=mine provider=consul-0 outcome=failed/);
  });
});
