import { execFile } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  mkdtempDisposable,
  readdir,
  readFile,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { createFileStore } from '../../lib/store/folder/store.ts';
import { copyCommand } from '../support/command.ts';
import { runMuster, startMuster } from '../support/muster.ts';
import { freePorts } from '../support/process.ts';

const folder = join(import.meta.dirname, '../../infra/sidecar');
const read = (path: string) => readFile(join(folder, path), 'utf8');

describe('the files of the image', () => {
  let place = '';
  let command: readonly [string, string];
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), 'muster-image-'));
    command = [process.execPath, join(place, 'image/muster.mjs')];
    await copyCommand(join(place, 'dist'));
    await mkdir(join(place, 'image'));
    // What the Dockerfile copies, in a folder that nobody can write.
    for (const file of await readdir(join(place, 'dist')))
      if (file.endsWith('.mjs')) await cp(join(place, 'dist', file), join(place, 'image', file));
    await chmod(join(place, 'image'), 0o555);
  });
  afterAll(async () => {
    await chmod(join(place, 'image'), 0o755);
    await rm(place, { recursive: true });
  });

  test('mirror and serve by themselves, with all options from the environment', async () => {
    const store = createFileStore(join(place, 'store'));
    await store.put('targets/api/dns-0.json', Buffer.from('[{"targets":["a:1"]}]'), { condition: 'any' });
    const [port] = await freePorts(1);
    const env = {
      MUSTER_FROM: join(place, 'store'),
      MUSTER_TO: join(place, 'to'),
      MUSTER_LISTEN: `127.0.0.1:${port}`,
    };
    await using running = startMuster(['sync'], { command, env });
    await running.waitFor(/target file written/);
    expect(await readFile(join(place, 'to/api/dns-0.json'), 'utf8')).toBe('[{"targets":["a:1"]}]');
    const answers = ['/metrics', '/healthz', '/sd/api', '/'].map(
      async (path) => (await fetch(`http://127.0.0.1:${port}${path}`)).status,
    );
    expect(await Promise.all(answers)).toEqual([200, 200, 200, 200]);
    expect((await running.stop()).code).toBe(0);
  });

  test('run cycles, too: the configuration comes from the environment', async () => {
    const config = join(place, 'muster.yml');
    await writeFile(
      config,
      `store: ${join(place, 'run')}\nscrape_configs: [{ job_name: api, dns_sd_configs: [{ names: [localhost], type: A, port: 1 }] }]\n`,
    );
    const env = { MUSTER_CONFIG: config };
    const results = ['check', 'status', 'kube-state', 'demo', 'dev'].map(async (name) => {
      const { code, stdout } = await runMuster([name, '--help'], { command, env });
      return [code, stdout.includes(`Usage: muster ${name}`)];
    });
    expect(await Promise.all(results)).toEqual(results.map(() => [0, true]));
    const { code, stderr } = await runMuster(['check', '--offline'], { command, env });
    expect([code, stderr]).toEqual([
      0,
      `${config} is valid: 1 job, 1 provider, store file://${join(place, 'run')}\n`,
    ]);
  });
});

test('the image is made of the command and a Node, and needs no registry of ours', async () => {
  const lines = (await read('../image/Dockerfile')).split('\n');
  expect(lines.filter((line) => /^(?:ARG|FROM|COPY|USER)/.test(line))).toEqual([
    'ARG BASE=node:24-slim',
    'FROM ${BASE}',
    'COPY --chmod=0444 dist/*.mjs dist/THIRD-PARTY-LICENSES /opt/muster/',
    'USER 65534:65534',
  ]);
});

const locked = z.object({
  allowPrivilegeEscalation: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
});
const mount = z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() });
const container = z.strictObject({
  name: z.string(),
  image: z.string().regex(/^(?:muster|prom\/prometheus:v3\.5\.3)$/),
  args: z.array(z.string()),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name: z.string() }) })).optional(),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  ports: z.array(z.strictObject({ name: z.string().max(15), containerPort: z.int() })).optional(),
  readinessProbe: z.object({ httpGet: z.strictObject({ path: z.string(), port: z.string() }) }).optional(),
  livenessProbe: z.object({ httpGet: z.strictObject({ path: z.string(), port: z.string() }) }).optional(),
  volumeMounts: z.array(mount),
  securityContext: locked,
  resources: z.object({ requests: z.object({ cpu: z.string(), memory: z.string() }) }),
});
const pod = z.object({
  securityContext: z.object({ runAsNonRoot: z.literal(true), fsGroup: z.int() }),
  initContainers: z.array(container),
  containers: z.array(container),
  volumes: z.array(z.looseObject({ name: z.string() })),
});

describe.each([
  [
    'a StatefulSet',
    'kubernetes/base/stateful-set.yaml',
    z
      .object({ spec: z.object({ template: z.object({ spec: pod }) }) })
      .transform(({ spec }) => spec.template.spec),
  ],
  [
    'the operator',
    'kubernetes/operator/prometheus.yaml',
    z.object({ apiVersion: z.literal('monitoring.coreos.com/v1'), spec: pod }).transform(({ spec }) => spec),
  ],
] as const)('the manifest of %s', (_, path, schema) => {
  test('fills the folder before Prometheus starts, then follows; all of it unprivileged', async () => {
    const { initContainers, containers } = schema.parse(parse(await read(path), { merge: true }));
    expect(initContainers.map(({ name, args }) => [name, args])).toEqual([
      ['muster-once', ['sync', '--once']],
    ]);
    const sidecar = containers.find(({ name }) => name === 'muster');
    expect(sidecar).toMatchObject({
      args: ['sync'],
      livenessProbe: { httpGet: { path: '/healthz', port: 'muster' } },
      envFrom: initContainers[0]?.envFrom,
      volumeMounts: initContainers[0]?.volumeMounts,
    });
    // Red while the store is away would take a Prometheus with good targets out of its service.
    expect(sidecar?.readinessProbe).toBeUndefined();
  });

  test('mounts only volumes that are there, and Prometheus only reads the targets', async () => {
    const { containers, initContainers, volumes } = schema.parse(parse(await read(path), { merge: true }));
    const there = new Set([...volumes.map(({ name }) => name), 'data']);
    const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts }) => volumeMounts);
    expect(mounted.filter(({ name }) => !there.has(name))).toEqual([]);
    const prometheus = containers.find(({ name }) => name === 'prometheus');
    expect(
      prometheus?.volumeMounts.filter(({ name, readOnly }) => name === 'targets' && readOnly !== true) ?? [],
    ).toEqual([]);
  });
});

test('each kustomization lists the files beside it, and each file is listed', async () => {
  for (const [variant, names] of [
    ['base', ['service-account.yaml', 'service.yaml', 'stateful-set.yaml']],
    ['operator', ['service-account.yaml', 'prometheus.yaml', 'scrape-configs.yaml']],
  ] as const) {
    const { resources } = z
      .object({ resources: z.array(z.string()) })
      .parse(parse(await read(`kubernetes/${variant}/kustomization.yaml`)));
    expect(resources).toEqual(names);
    for (const name of names) {
      for (const document of parseAllDocuments(await read(`kubernetes/${variant}/${name}`), { merge: true }))
        expect(document.errors).toEqual([]);
    }
  }
});

test.each(['base', 'operator'])(
  "kustomize makes of the README's overlay on %s what it says, where it is here",
  async (variant) => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'muster-overlay-'));
    await cp(join(folder, 'kubernetes'), place.path, { recursive: true });
    const [, overlay = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(await read('README.md')) ?? [];
    await mkdir(join(place.path, 'overlay'));
    await writeFile(
      join(place.path, 'overlay/kustomization.yaml'),
      overlay.replace('../base', `../${variant}`),
    );
    const rendered = await promisify(execFile)('kubectl', ['kustomize', join(place.path, 'overlay')]).catch(
      (error: unknown) => z.object({ code: z.literal('ENOENT') }).parse(error),
    );
    if ('code' in rendered) {
      process.stderr.write('SKIPPED kubectl is not here\n');
      return;
    }
    const objects = parseAllDocuments(rendered.stdout).map((document) => object.parse(document.toJS()));
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['monitoring']));
    const settings = objects.find(({ metadata }) => metadata.name.startsWith('muster-sync-'));
    expect(settings?.data).toEqual({ AWS_REGION: 'eu-west-1', MUSTER_FROM: 's3://bucket-of-mine/muster' });
    const sidecars = [...rendered.stdout.matchAll(/name: (muster-sync-\S+)\n\s+image: (\S+)/g)];
    const expected = [settings?.metadata.name, 'my-registry/muster:0.1.0'];
    expect(sidecars.map(([, name, image]) => [name, image])).toEqual([expected, expected]);
  },
);

const object = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  data: z.record(z.string(), z.string()).optional(),
});

test('the ScrapeConfigs of the operator read files and HTTP', async () => {
  const config = z.object({
    apiVersion: z.literal('monitoring.coreos.com/v1alpha1'),
    kind: z.literal('ScrapeConfig'),
    spec: z.strictObject({
      jobName: z.string(),
      fileSDConfigs: z
        .array(z.strictObject({ files: z.array(z.string().regex(/^[^*]*(?:\*[^*/]*)?\.json$/)) }))
        .optional(),
      httpSDConfigs: z.array(z.strictObject({ url: z.url(), refreshInterval: z.string() })).optional(),
      staticConfigs: z.array(z.strictObject({ targets: z.array(z.string()) })).optional(),
    }),
  });
  const documents = parseAllDocuments(await read('kubernetes/operator/scrape-configs.yaml')).map((document) =>
    config.parse(document.toJS()),
  );
  expect(documents.map(({ spec: { jobName, ...sources } }) => [jobName, Object.keys(sources)])).toEqual([
    ['api', ['fileSDConfigs']],
    ['api', ['httpSDConfigs']],
    ['muster-sync', ['staticConfigs']],
  ]);
});

test('compose runs the sidecar without privileges, and Prometheus after it', async () => {
  const service = z.looseObject({ image: z.string(), volumes: z.array(z.string()) });
  const { services } = z
    .object({ services: z.object({ sidecar: service, prometheus: service }) })
    .parse(parse(await read('compose.yml')));
  expect(services.sidecar).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    volumes: ['targets:/targets'],
  });
  expect(services.prometheus).toMatchObject({ depends_on: { sidecar: { condition: 'service_healthy' } } });
  expect(services.prometheus.volumes).toContain('targets:/etc/prometheus/muster:ro');
});

test('systemd finds the unit sound, where it is here', async () => {
  const unit = join(folder, 'muster-sync.service');
  const result: unknown = await promisify(execFile)('systemd-analyze', ['verify', unit]).catch(
    (error: unknown) => error,
  );
  if (z.object({ code: z.literal('ENOENT') }).safeParse(result).success) {
    process.stderr.write('SKIPPED systemd-analyze is not here\n');
    return;
  }
  expect(result).toEqual({ stdout: '', stderr: '' });
});
