import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { copyCommand } from '../support/command.ts';
import { type Docker, dockerAt, importBaseImage, listImage } from '../support/docker-image.ts';
import { type RealDockerd, startDockerd } from '../support/dockerd.ts';
import { polled } from '../support/poll.ts';
import { describeWithDockerd } from '../support/programs.ts';

const infra = join(import.meta.dirname, '../../infra');
const one = '[{"targets":["a:1"]}]';
const two = '[{"targets":["a:1","b:1"]}]';
/** What the manifests and compose.yml ask for; the network is loopback alone. */
const locked = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=none'];

describeWithDockerd('the image, built of its Dockerfile', ['docker'], () => {
  let dockerd: RealDockerd;
  let docker: Docker;
  let place: string;
  let files: readonly string[];

  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'muster-image-'));
    dockerd = await startDockerd();
    docker = dockerAt(dockerd);
    await importBaseImage(docker, join(place, 'base'));

    // A repository with more in it than belongs into the image.
    const repository = join(place, 'repository');
    await cp(join(infra, 'image'), join(repository, 'infra/image'), { recursive: true });
    await copyCommand(join(repository, 'dist'));
    files = (await readdir(join(repository, 'dist')))
      .filter((file) => file.endsWith('.mjs') || file === 'THIRD-PARTY-LICENSES')
      .sort();
    await mkdir(join(repository, 'lib'));
    await mkdir(join(repository, 'dist/functions/dns'), { recursive: true });
    for (const file of ['.env', 'muster.yml', 'lib/main.ts', 'dist/functions/dns/index.mjs'])
      await writeFile(join(repository, file), 'not for the image');
    await docker(['build', '-f', 'infra/image/Dockerfile', '-t', 'muster', '.'], repository);
    const name = join(repository, 'infra/image/context');
    await cp(join(infra, 'image/Dockerfile.dockerignore'), `${name}.dockerignore`);
    await writeFile(name, 'FROM node:24-slim\nCOPY . /context\n');
    await docker(['build', '-f', 'infra/image/context', '-t', 'context', '.'], repository);
  }, 600_000);
  afterAll(async () => {
    await dockerd?.stop();
    await rm(place, { recursive: true });
  });

  const run = (...args: readonly string[]) =>
    docker(['run', ...locked, `--volume=${place}/store:/store:ro`, '--env=MUSTER_FROM=/store', ...args]);
  const fill = async (text: string) =>
    createFileStore(join(place, 'store')).put('targets/api/dns-0.json', Buffer.from(text), {
      condition: 'any',
    });
  const inside = (container: string, ...command: readonly string[]) =>
    docker(['exec', container, ...command]);

  test('adds to Node the command, which nobody can write, and the folder of its user', async () => {
    const [ours, base] = await Promise.all([
      listImage(docker, 'muster', place),
      listImage(docker, 'node:24-slim', place),
    ]);
    expect([...ours.difference(base)].sort()).toEqual(
      [
        'drwxr-xr-x 0/0 opt/',
        'drwxr-xr-x 0/0 opt/muster/',
        ...files.map((file) => `-r--r--r-- 0/0 opt/muster/${file}`),
        'drwxr-xr-x 65534/65534 targets/',
        'drwxr-xr-x 0/0 var/',
        'drwxr-xr-x 0/0 var/lib/',
        'drwxr-xr-x 65534/65534 var/lib/muster/',
      ].sort(),
    );
    expect([...base.difference(ours)]).toEqual([]);
  });

  test('is sent nothing of the repository but that', async () => {
    const added = (await listImage(docker, 'context', place)).difference(
      await listImage(docker, 'node:24-slim', place),
    );
    expect([...added].map((line) => line.split(' ').at(-1)).sort()).toEqual([
      'context/',
      'context/dist/',
      ...files.map((file) => `context/dist/${file}`),
    ]);
  });

  test('has little above its base, and runs as nobody in particular', async () => {
    const look = async (image: string) =>
      z.tuple([looked]).parse(JSON.parse(await docker(['inspect', image])));
    const [[ours], [base]] = await Promise.all([look('muster'), look('node:24-slim')]);
    // A third of it is the names of functions and variables, which stack traces show; packed they are a tenth.
    expect(ours.Size - base.Size).toBeLessThan(9_000_000);
    expect(ours.RootFS.Layers.length - base.RootFS.Layers.length).toBe(2);
    expect(ours.Config).toMatchObject({
      User: '65534:65534',
      Env: [
        ...['PATH=/bin', 'NODE_ENV=production', 'MUSTER_CONFIG=/etc/muster/muster.yml'],
        ...['MUSTER_TO=/targets', 'MUSTER_LISTEN=:9469'],
      ],
      Entrypoint: ['node', '--expose-gc', '--max-semi-space-size=4', '/opt/muster/muster.mjs'],
      Cmd: ['sync'],
      ExposedPorts: { '9469/tcp': {} },
      StopSignal: 'SIGTERM',
    });
  });

  test('mirrors into a fresh volume, serves, follows, and ends in good order', async () => {
    await fill(one);
    const container = await run(
      '--detach',
      '--volume=targets:/targets',
      '--env=MUSTER_INTERVAL=1s',
      'muster',
    );
    const mirrored = () => inside(container, 'cat', '/targets/api/dns-0.json').catch(String);
    expect(await polled(mirrored, one)).toBe(one);
    const get = (path: string) =>
      inside(container, 'wget', '-qO-', `http://127.0.0.1:9469${path}`).catch(String);
    expect(await polled(() => get('/readyz'), 'ok')).toBe('ok');
    expect(await get('/healthz')).toBe('ok');
    expect(JSON.parse(await get('/sd/api'))).toEqual(JSON.parse(one));
    const { services } = composed.parse(parse(await readFile(join(infra, 'sidecar/compose.yml'), 'utf8')));
    const [kind, ...check] = services.sidecar.healthcheck.test;
    expect([kind, await inside(container, ...check)]).toEqual(['CMD', '']);
    await fill(two);
    expect(await polled(mirrored, two)).toBe(two);

    await docker(['stop', '--time=60', container]);
    expect(await docker(['inspect', '--format={{.State.ExitCode}}', container])).toBe('0');
  });

  test('runs cycles, too, into a fresh volume', async () => {
    const config = {
      store: 'file:///var/lib/muster',
      scrape_configs: [
        { job_name: 'api', static_configs: [{ targets: ['a:1'] }], muster: { publish: 'all' } },
      ],
    };
    await writeFile(join(place, 'muster.yml'), JSON.stringify(config));
    const cycle = async () => {
      const volumes = [
        `--volume=${place}/muster.yml:/etc/muster/muster.yml:ro`,
        '--volume=state:/var/lib/muster',
      ];
      const printed = await docker([
        'run',
        '--rm',
        ...locked,
        ...volumes,
        'muster',
        'run',
        '--output',
        'json',
      ]);
      return z.array(z.object({ provider: z.string(), outcome: z.string() })).parse(JSON.parse(printed));
    };
    expect([await cycle(), await cycle()]).toEqual([
      [{ provider: 'static-0', outcome: 'published' }],
      [{ provider: 'static-0', outcome: 'unchanged' }],
    ]);
  });

  test('fills a folder once, as the manifests do before Prometheus starts', async () => {
    await fill(one);
    // As the kubelet makes the folder of an emptyDir.
    await mkdir(join(place, 'pod'));
    await chmod(join(place, 'pod'), 0o777);
    const to = '/etc/prometheus/muster';
    await run('--rm', `--env=MUSTER_TO=${to}`, `--volume=${place}/pod:${to}`, 'muster', 'sync', '--once');
    expect(await readFile(join(place, 'pod/api/dns-0.json'), 'utf8')).toBe(one);
  });
});

const looked = z.object({
  Size: z.int(),
  RootFS: z.object({ Layers: z.array(z.string()) }),
  Config: z.record(z.string(), z.unknown()),
});
const composed = z.object({
  services: z.object({ sidecar: z.object({ healthcheck: z.object({ test: z.array(z.string()) }) }) }),
});
