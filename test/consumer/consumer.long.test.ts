import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { createS3Store } from '../../lib/store/s3/store.ts';
import { type FakeS3, startFakeS3 } from '../store/fake-s3.ts';
import { installPackage, packProject } from '../support/clone.ts';
import { startHttpServer } from '../support/http-server.ts';
import { startLambda } from '../support/lambda.ts';
import { runMuster, startMuster } from '../support/muster.ts';

const own = import.meta.dirname;
const run = promisify(execFile);
const hosts = [
  { name: 'web-1', address: '10.0.0.1', port: 9100, role: 'web', rack: 'r1' },
  { name: 'db-1', address: '::1', port: 9100, role: 'db', rack: 'r1' },
];

let place = '';
let folder = '';
let server: Awaited<ReturnType<typeof startHttpServer>>;
const asked: string[] = [];

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'muster-consumer-'));
  folder = join(place, 'project');
  await installPackage(await packProject(join(place, 'pack')), folder);
  for (const file of (await readdir(own)).filter((name) => name.endsWith('.mjs')))
    await copyFile(join(own, file), join(folder, file));
  server = await startHttpServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(hosts));
  });
  await writeFile(join(folder, 'muster.yml'), configOf('backends: [./inventory.mjs]'));
}, 1_200_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await rm(place, { recursive: true, force: true });
});

const configOf = (head: string) => `${head}
scrape_configs:
  - job_name: machines
    inventory_sd_configs:
      - { server: '${server.url}', rack: r1, authorization: { credentials: canary-7 } }
`;
const muster = (...args: readonly string[]) =>
  runMuster(args, {
    command: [process.execPath, join(folder, 'node_modules/muster-sd/dist/muster.mjs')],
    cwd: folder,
  });

const group = (source: string, target: string) => {
  const { role, rack } = hosts.find(({ name }) => name === source) ?? { role: '', rack: '' };
  return { targets: [target], labels: { __meta_inventory_rack: rack, __meta_inventory_role: role } };
};
const published = [group('db-1', '[::1]:9100'), group('web-1', '10.0.0.1:9100')];
/** The groups with targets: another one tells the version. */
const groupsOf = (list: unknown) =>
  z
    .array(z.looseObject({ targets: z.array(z.string()) }))
    .parse(list)
    .filter(({ targets }) => targets.length > 0);

describe("a stranger's backend, with nothing but the tarball and Node", () => {
  test('is short', async () => {
    expect((await readFile(join(own, 'inventory.mjs'), 'utf8')).split('\n').length).toBeLessThanOrEqual(40);
    expect((await readdir(join(folder, 'node_modules'))).sort()).toEqual([
      '.bin',
      '.package-lock.json',
      'muster-sd',
    ]);
  });

  test('shows in check', async () => {
    const { code, stdout, stderr } = await muster('check', '--output', 'json', '--offline');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      [
        {
          ...{ kind: 'provider', job: 'machines', provider: 'inventory-0', mechanism: 'inventory' },
          ...{ refresh_interval_seconds: 30, deadline_seconds: 60, shards: 'auto' },
        },
      ],
    ]);
    expect(stderr).toContain('muster.yml is valid: 1 job, 1 provider');
  });

  test('has its keys checked as those of any other are', async () => {
    await writeFile(
      join(folder, 'wrong.yml'),
      configOf('backends: [./inventory.mjs]').replace('rack:', 'rak:'),
    );
    const { code, stderr } = await muster('check', '-c', 'wrong.yml', '--offline');
    expect([code, stderr.split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/^wrong\.yml:5:\d+ scrape_configs\[0\]\.inventory_sd_configs\[0\]\.rak: .*rack/),
    ]);
  });

  test('shows in targets, and asks with the credentials of its stanza', async () => {
    asked.length = 0;
    const { code, stdout } = await muster('targets', '--job', 'machines', '--output', 'json');
    expect([code, asked]).toEqual([0, ['/hosts?rack=r1 Bearer canary-7']]);
    expect(stdout).toContain('10.0.0.1:9100');
  });

  test('shows in run, and what it lists is published', async () => {
    const { code, stdout } = await muster('run', '--output', 'json');
    const [result] = z
      .array(z.looseObject({ provider: z.string(), outcome: z.string() }))
      .parse(JSON.parse(stdout));
    expect([code, result?.provider, result?.outcome]).toEqual([0, 'inventory-0', 'published']);
    const file = join(folder, '.muster/store/targets/machines/inventory-0.json');
    expect(groupsOf(JSON.parse(await readFile(file, 'utf8')))).toEqual(published);
  });

  test('shows on the page', async () => {
    const command = [process.execPath, join(folder, 'node_modules/muster-sd/dist/muster.mjs')] as const;
    await using dev = startMuster(['dev', '--listen', '127.0.0.1:0'], { command, cwd: folder });
    const [, url = ''] = await dev.waitFor(/url=(http:\S+)/);
    await dev.waitFor(/target file written/);
    const page = await fetch(url).then((answer) => answer.text());
    expect([page.includes('machines'), page.includes('inventory-0')]).toEqual([true, true]);
    expect(groupsOf(await (await fetch(`${url}/sd/machines`)).json())).toEqual(published);
  });

  test('shows in its function, whose configuration may name code that it never loads', async () => {
    const s3: FakeS3 = await startFakeS3();
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    await using store = createS3Store({
      bucket: 'bucket',
      endpoint: s3.endpoint,
      region: 'eu-west-1',
      credentials,
    });
    await store.put('config/muster.yml', Buffer.from(configOf('backends: [/nonexistent.mjs]')), {
      condition: 'any',
    });
    await mkdir(join(folder, 'dist/functions/inventory'), { recursive: true });
    await writeFile(
      join(folder, 'dist/functions/inventory/index.mjs'),
      "export { handler } from '../../../function.mjs';\n",
    );
    const lambda = await startLambda(folder, 'inventory', {
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' },
      ...{ AWS_ENDPOINT_URL_S3: s3.endpoint, MUSTER_STORE: 's3://bucket?force_path_style=true' },
      ...{
        MUSTER_CONFIG: 's3://bucket/config/muster.yml?force_path_style=true',
        MUSTER_SCHEDULE: 'rate(1 minute)',
      },
    });
    try {
      const { result, error } = await lambda.invoke({}, 60_000);
      expect([error, JSON.stringify(result)]).toEqual([undefined, expect.stringContaining('"published"')]);
      const file = await store.get('targets/machines/inventory-0.json');
      expect(groupsOf(JSON.parse(`${Buffer.from(file?.body ?? [])}`))).toEqual(published);
    } finally {
      await lambda.stop();
      await s3.stop();
    }
  });
});

test("a stranger's store passes the suite of every driver", async () => {
  const { stdout, stderr } = await run(process.execPath, ['counting-store.mjs'], { cwd: folder });
  expect([stdout, stderr]).toEqual(['true 0\n', '']);
});

test("a stranger's writer gets the samples of kube state as data", async () => {
  const pod = {
    metadata: { namespace: 'shop', name: 'web-0', uid: 'u-1', labels: { app: 'we"b' } },
    spec: { nodeName: 'node-1' },
    status: { phase: 'Running' },
  };
  const child = run(process.execPath, ['json-lines.mjs'], { cwd: folder });
  child.child.stdin?.end(JSON.stringify([pod]));
  const { stdout, stderr } = await child;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const identity = { namespace: 'shop', pod: 'web-0', uid: 'u-1' };
  expect(lines).toContainEqual(['kube_pod_labels', { ...identity, label_app: 'we"b' }, 1]);
  expect(lines).toContainEqual(['kube_pod_status_phase', { ...identity, phase: 'Running' }, 1]);
  expect(lines).toContainEqual([
    'kube_pod_info',
    expect.objectContaining({ ...identity, node: 'node-1' }),
    1,
  ]);
  expect(JSON.parse(stderr)).toEqual({ objects: 1, samples: lines.length });
});

test('a stranger applies relabelling rules as Prometheus does', async () => {
  const { stdout } = await run(process.execPath, ['rules.mjs'], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ __address__: '10.0.0.1:80', rack: 'r1' }),
    'dropped',
  ]);
});

test('the types are whole: a strict program needs no other package to be checked against them', async () => {
  await copyFile(join(own, 'types.ts.txt'), join(folder, 'types.ts'));
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--types', ''];
  const lib = ['--lib', 'es2024,esnext.disposable,esnext.iterator,dom'];
  const compiler = join(own, '../../node_modules/typescript/bin/tsc');
  const result: unknown = await run(process.execPath, [compiler, ...options, ...lib, 'types.ts'], {
    cwd: folder,
  }).catch((error: unknown) => error);
  expect(result).toMatchObject({ stdout: '' });
});
