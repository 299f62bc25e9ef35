import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { mechanisms } from '../../lib/backends/registry.ts';
import { copyProject, installPackage } from '../support/clone.ts';
import { repeats } from '../support/counts.ts';
import { runMuster, startMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';

const run = promisify(execFile);
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')));
const tarball = `muster-sd-${version}.tgz`;
const functions = [...mechanisms.map(({ name }) => name), 'kube-state'].sort();

/** Those that the second clone has: all in what a release itself has to pass. Bundling is what takes long. */
const again = repeats(1) > 1 ? functions : ['aws', 'dns', 'kube-state'];

let place = '';
/** The `release/` of two clones, in folders of different depth. */
let releases: readonly string[] = [];
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'muster-release-'));
  const clones = [join(place, 'one'), join(place, 'further/down/two')];
  await Promise.all(clones.map(copyProject));
  for (const name of functions)
    if (!again.includes(name)) await rm(join(clones[1] ?? '', `functions/${name}.ts`));
  for (const clone of clones) {
    await run('npm', ['run', 'release', '--silent'], { cwd: clone });
  }
  releases = clones.map((clone) => join(clone, 'release'));
}, 1_800_000);
afterAll(() => rm(place, { recursive: true, force: true }));

const released = (name: string) => join(releases[0] ?? '', name);
const read = (name: string) => readFile(released(name), 'utf8');

test('a release has the package, the single file, the functions, the image, and what is known of them', async () => {
  expect((await readdir(releases[0] ?? '')).sort()).toEqual(
    [
      ...['SHA256SUMS', 'THIRD-PARTY-LICENSES', 'image.tar.gz', 'muster.mjs', 'sbom.cdx.json', tarball],
      ...functions.map((name) => `function-${name}.zip`),
    ].sort(),
  );
});

test('two builds in two folders give the same bytes', async () => {
  const [one = '', two = ''] = await Promise.all(
    releases.map((folder) => readFile(join(folder, 'SHA256SUMS'), 'utf8')),
  );
  const left = functions.filter((name) => !again.includes(name)).map((name) => `function-${name}.zip`);
  const inBoth = one.split('\n').filter((line) => !left.some((name) => line.endsWith(`  ${name}`)));
  expect(two.split('\n')).toEqual(inBoth);
  const { stdout } = await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: releases[0] });
  expect(stdout.trim().split('\n')).toHaveLength(5 + functions.length);
});

test('the package is small, and shows targets where there is nothing but it and Node', async () => {
  expect((await stat(released(tarball))).size).toBeLessThan(5_000_000);
  const bin = await installPackage(released(tarball), join(place, 'installed'));
  const installed = join(place, 'installed/node_modules');
  expect((await readdir(installed)).filter((name) => !name.startsWith('.'))).toEqual(['muster-sd']);
  expect(await readdir(bin)).toEqual(['muster']);
  await showsTargets(join(installed, 'muster-sd/dist/muster.mjs'));
});

test('the single file shows targets where there is nothing but it and Node', async () => {
  const alone = join(place, 'alone');
  await mkdir(alone);
  await writeFile(join(alone, 'muster.mjs'), await readFile(released('muster.mjs')));
  await showsTargets(join(alone, 'muster.mjs'));
});

test('sources outside git say that their commit is unknown', async () => {
  const { stdout } = await runMuster(['--version'], { command: [process.execPath, released('muster.mjs')] });
  expect(stdout).toBe(`muster ${version}+unknown\n`);
});

test('a zip holds a function that Lambda finds, and its licences, and nothing else', async () => {
  for (const name of functions) {
    const folder = join(place, 'functions', name);
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'zipfile', '-e', released(`function-${name}.zip`), folder]);
    const files = await readdir(folder);
    expect(files).toEqual(expect.arrayContaining(['THIRD-PARTY-LICENSES', 'index.mjs']));
    expect(files.filter((file) => !file.endsWith('.mjs'))).toEqual(['THIRD-PARTY-LICENSES']);
  }
  const env = {
    MUSTER_STORE: 's3://bucket',
    MUSTER_CONFIG: 's3://bucket/muster.yml',
    AWS_REGION: 'eu-west-1',
  };
  const script = "process.stdout.write(typeof (await import('./index.mjs')).handler)";
  const cwd = join(place, 'functions/dns');
  const loaded = await run(process.execPath, ['--input-type=module', '-e', script], { cwd, env });
  expect(loaded.stdout).toBe('function');
});

test('the context of the image holds what its Dockerfile copies', async () => {
  const { stdout } = await run('tar', ['-tzf', released('image.tar.gz')]);
  const files = stdout.trim().split('\n');
  const { stdout: packed } = await run('tar', ['-tzf', released(tarball)]);
  const inPackage = packed
    .split('\n')
    .flatMap((path) => /^package\/(dist\/[^/]+\.mjs)$/.exec(path)?.[1] ?? []);
  expect(files.sort()).toEqual(['Dockerfile', 'dist/THIRD-PARTY-LICENSES', ...inPackage].sort());
});

test('every package that a bundle holds has its licence, in every place where the bundle goes', async () => {
  const { components } = bill.parse(JSON.parse(await read('sbom.cdx.json')));
  const text = await read('THIRD-PARTY-LICENSES');
  const missing = components.filter(({ name, version: its }) => !text.includes(`\n${name} ${its} (`));
  expect(missing).toEqual([]);
  expect(components.length).toBeGreaterThan(50);
  const { stdout: own } = await run('tar', ['-xzOf', released(tarball), 'package/dist/THIRD-PARTY-LICENSES']);
  expect(own).toContain('\nundici ');
  // Each has what its own bundle holds: DNS asks no AWS service but the store's.
  const dns = await readFile(join(place, 'functions/dns/THIRD-PARTY-LICENSES'), 'utf8');
  expect([dns.includes('@aws-sdk/client-s3 '), dns.includes('@aws-sdk/client-ec2 ')]).toEqual([true, false]);
});

test('the bill of materials names each package with the digest of the lock file, and what it needs', async () => {
  const { components, dependencies, metadata } = bill.parse(JSON.parse(await read('sbom.cdx.json')));
  const lock = z
    .object({ packages: z.record(z.string(), z.looseObject({ integrity: z.string().optional() })) })
    .parse(JSON.parse(await readFile(join(import.meta.dirname, '../../package-lock.json'), 'utf8')));
  const zod = components.find(({ name }) => name === 'zod');
  const digest = Buffer.from(lock.packages['node_modules/zod']?.integrity?.slice(7) ?? '', 'base64');
  expect(zod?.hashes).toEqual([{ alg: 'SHA-512', content: digest.toString('hex') }]);
  const references = new Set([metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  expect(references.size).toBe(components.length + 1);
  expect(new Set(dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]))).toEqual(references);
  expect(metadata.component.version).toBe(`${version}+unknown`);
});

/** Source: the JSON schema of CycloneDX 1.6, as far as it is used. */
const bill = z.strictObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.literal(1),
  metadata: z.strictObject({
    component: z.strictObject({
      type: z.literal('application'),
      'bom-ref': z.string(),
      purl: z.string(),
      name: z.literal('muster-sd'),
      version: z.string(),
      licenses: z.tuple([z.strictObject({ license: z.strictObject({ id: z.literal('Apache-2.0') }) })]),
    }),
  }),
  components: z.array(
    z.strictObject({
      type: z.literal('library'),
      'bom-ref': z.string(),
      name: z.string(),
      version: z.string(),
      scope: z.literal('required'),
      hashes: z.array(
        z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }),
      ),
      licenses: z.array(
        z.union([
          z.strictObject({ license: z.strictObject({ id: z.string() }) }),
          z.strictObject({ expression: z.string() }),
        ]),
      ),
      purl: z.string().regex(/^pkg:npm\/(?:%40[\w.-]+\/)?[\w.-]+@[\w.-]+$/),
    }),
  ),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

test('the workflow pins each action by the digest of a commit, and gives each job no more rights than it needs', async () => {
  const text = await readFile(join(import.meta.dirname, '../../.github/workflows/release.yml'), 'utf8');
  const uses = [...text.matchAll(/uses: (.*)/g)].map(([, what = '']) => what);
  expect(uses.filter((what) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(what))).toEqual([]);
  const { permissions, jobs } = z
    .object({
      permissions: z.strictObject({}),
      jobs: z.strictObject({
        build: z.object({ permissions: z.unknown() }),
        publish: z.object({ permissions: z.unknown() }),
      }),
    })
    .parse(parse(text));
  expect([permissions, jobs.build.permissions, jobs.publish.permissions]).toEqual([
    {},
    { contents: 'read' },
    { contents: 'write', 'id-token': 'write', attestations: 'write' },
  ]);
});

describe('the functions of a release', () => {
  let bundles: readonly Bundle[] = [];
  beforeAll(async () => {
    bundles = await Promise.all(functions.map(readBundle));
  });

  // The clients of AWS lie in chunks of their own, which a start does not read.
  const larger: Readonly<Record<string, number>> = {
    ...{ 'kube-state': 2_700_000, kubernetes: 2_700_000, aws: 2_800_000, ec2: 2_450_000, ecs: 2_450_000 },
    ...{ elasticache: 1_950_000, lightsail: 1_950_000, msk: 1_950_000, rds: 1_950_000 },
  };
  const limits = functions.map((name) => [name, larger[name] ?? 1_750_000] as const);
  test.each(limits)('%s has at most %i bytes', (name, limit) => {
    const bundle = bundles.find((one) => one.name === name);
    expect(bundle?.bytes).toBeLessThanOrEqual(limit);
  });

  test('hold their own backend and no other', () => {
    const backends = bundles.map(({ name, inputs }) => {
      const found = inputs.map((file) => /^lib\/backends\/(\w+)\/\w+\.ts$/.exec(file)?.[1]);
      return [name, [...new Set(found.filter((one) => one !== undefined))]];
    });
    // Two mechanisms share what they say to ZooKeeper, seven what they say to AWS, two what they say to an engine.
    const folders = new Map<string, readonly string[]>([
      ...['ec2', 'ecs', 'elasticache', 'lightsail', 'msk', 'rds'].map((name) => [name, ['aws']] as const),
      ['dockerswarm', ['docker', 'dockerswarm']],
      ['file', ['file', 'http']],
      ['static', ['file']],
      ['nerve', ['zookeeper']],
      ['serverset', ['zookeeper']],
      ['kube-state', ['kubernetes']],
    ]);
    expect(backends).toEqual(functions.map((name) => [name, folders.get(name) ?? [name]]));
    // Kube state takes of Kubernetes how it lists, and nothing of its targets.
    const kubeState = bundles.find(({ name }) => name === 'kube-state');
    const inputs = kubeState?.inputs ?? [];
    expect(inputs).toContain('lib/backends/kubernetes/listing/lister.ts');
    expect(
      inputs.filter((file) => /^lib\/backends\/kubernetes\/(?:index\.ts|targets\/|roles\/list)/.test(file)),
    ).toEqual([]);
    const resources = bundles.filter((one) => one.inputs.includes('lib/kube-state/registry.ts'));
    expect(resources.map(({ name }) => name)).toEqual(['kube-state']);
  });
});

async function showsTargets(file: string): Promise<void> {
  const cwd = await mkdtemp(join(place, 'empty-'));
  await using demo = startMuster(['demo', '--listen', '127.0.0.1:0'], {
    command: [process.execPath, file],
    cwd,
    env: { HOME: cwd, TMPDIR: cwd },
  });
  await demo.waitFor(/marathon {2}version 1 {2}\d+ targets/);
  const [, url = ''] = await demo.waitFor(/Look at it: (http:\S+)/);
  // The mirror may be a moment behind.
  const mirrored = () => fetch(new URL('/sd/marathon', url));
  expect(await polled(async () => (await mirrored()).status, 200)).toBe(200);
  const targets: unknown = await (await mirrored()).json();
  expect(targets).toEqual(expect.arrayContaining([expect.objectContaining({ targets: expect.anything() })]));
  expect((await demo.stop('SIGINT')).code).toBe(0);
}

/** A bundle in the clone. */
interface Bundle {
  readonly name: string;
  /** Bytes of all modules, source maps left out. */
  readonly bytes: number;
  /** The source files it is made of, from the project's folder. */
  readonly inputs: readonly string[];
}

async function readBundle(name: string): Promise<Bundle> {
  const project = join(place, 'one');
  const folder = join(project, 'dist/functions', name);
  const files = await readdir(folder);
  const sizes = files
    .filter((file) => file.endsWith('.mjs'))
    .map(async (file) => (await stat(join(folder, file))).size);
  const maps = files
    .filter((file) => file.endsWith('.map'))
    .map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      return z.object({ sources: z.string().array() }).parse(JSON.parse(text)).sources;
    });
  return {
    name,
    bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0),
    inputs: (await Promise.all(maps)).flat().map((source) => relative(project, resolve(folder, source))),
  };
}
