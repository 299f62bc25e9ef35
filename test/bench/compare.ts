import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { startConsulFleet } from '../../lib/sim/consul.ts';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { startMarathonFleet } from '../../lib/sim/marathon.ts';
import { startDnsFleet } from '../sim/dns.ts';
import { startDockerFleet } from '../sim/docker.ts';
import { startEurekaFleet } from '../sim/eureka.ts';
import { startHttpFleet } from '../sim/http.ts';
import { startNomadFleet } from '../sim/nomad.ts';
import { startSwarmFleet } from '../sim/swarm.ts';
import { startZookeeperFleet } from '../sim/zookeeper.ts';
import { polled } from '../support/poll.ts';
import { freePorts } from '../support/process.ts';

/**
 * `npm run compare -- OLD [VERSION]`: runs the built command of another work tree and that of this one on the same simulated
 * backends, and compares what each writes: `muster targets` of each mechanism, the objects of the bucket after a cycle, the
 * kube state, and the page of one bucket. Times, run ids, versions and durations are masked. Prints `same`, or the first
 * line that differs, and exits with 1 where anything does. With VERSION, as in 3.5, this build gives the labels of that
 * Prometheus (`muster: {prometheus}`), for an old build that knows no newer ones. Build both before, with
 * `node infra/build.ts`.
 */
async function main([old, prometheus]: readonly string[]): Promise<number> {
  if (old === undefined) {
    process.stderr.write('usage: npm run compare -- OLD_REPO_DIR [PROMETHEUS_VERSION]\n');
    return 2;
  }
  const builds = [
    { root: resolve(old), own: {} },
    {
      root: resolve(import.meta.dirname, '../..'),
      own: prometheus === undefined ? {} : { muster: { prometheus } },
    },
  ];
  const folder = await mkdtemp(join(tmpdir(), 'muster-compare-'));
  const backends = await startBackends();
  try {
    const results: Outputs[] = [];
    // One after the other in the same folder, so that paths are the same too.
    for (const { root, own } of builds) {
      const work = join(folder, 'work');
      await mkdir(work);
      const config = {
        store: './bucket',
        scrape_configs: backends.jobs.map(([job_name, stanzas]) => ({ job_name, ...stanzas, ...own })),
        kube_state_metrics: [
          { name: 'cluster', kubernetes: { api_server: backends.cluster }, resources: kubeStateResources },
        ],
      };
      await writeFile(join(work, 'muster.yml'), JSON.stringify(config));
      results.push(await outputsOf({ command: join(root, 'dist/muster.mjs'), work, folder }, config));
      await rm(work, { recursive: true });
    }
    const [before = new Map(), after = new Map()] = results;
    return report(before, after);
  } finally {
    await Promise.all(backends.fleets.map((fleet) => fleet.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Text by what wrote it, as in `targets consul` and `bucket status/consul/consul-0.json`. */
type Outputs = ReadonlyMap<string, string>;

interface Build {
  readonly command: string;
  /** Folder of muster.yml. */
  readonly work: string;
  /** Folder that both builds share. */
  readonly folder: string;
}

const kubeStateResources = ['nodes', 'pods', 'services', 'deployments', 'namespaces', 'endpointslices'];

async function startBackends() {
  const seed = 'compare';
  const [consul, kubernetes, marathon, nomad, eureka, http, docker, swarm, zookeeper, dns] =
    await Promise.all([
      startConsulFleet({ seed, services: 12, instances: 60 }),
      startKubernetesFleet({ seed, pods: 120, otherLists: true }),
      startMarathonFleet({ seed, apps: 12 }),
      startNomadFleet({ seed, services: 12 }),
      startEurekaFleet({ seed, applications: 12 }),
      startHttpFleet({ seed, groups: 20 }),
      startDockerFleet({ seed, containers: 30, services: 10, nodes: 4 }),
      startSwarmFleet({ seed, nodes: 8 }),
      startZookeeperFleet({ seed, services: 6, members: 4 }),
      startDnsFleet({ seed, services: 6, instances: 4 }),
    ]);
  const roles = ['pod', 'node', 'service', 'endpoints', 'endpointslice', 'ingress'].map(
    (role): Job => [`kubernetes-${role}`, { kubernetes_sd_configs: [{ api_server: kubernetes.url, role }] }],
  );
  const attach_metadata = { node: true };
  const jobs: readonly Job[] = [
    ['consul', { consul_sd_configs: [{ server: consul.url }] }],
    ...roles,
    [
      'kubernetes-attached',
      { kubernetes_sd_configs: [{ api_server: kubernetes.url, role: 'pod', attach_metadata }] },
    ],
    ['marathon', { marathon_sd_configs: [{ servers: [marathon.url] }] }],
    ['nomad', { nomad_sd_configs: [{ server: nomad.url }] }],
    ['eureka', { eureka_sd_configs: [{ server: `${eureka.url}/eureka` }] }],
    ['http', { http_sd_configs: [{ url: http.list }] }],
    ['docker', { docker_sd_configs: [{ host: docker.url }] }],
    ...['services', 'tasks', 'nodes'].map(
      (role): Job => [`dockerswarm-${role}`, { dockerswarm_sd_configs: [{ host: docker.url, role }] }],
    ),
    ['swarm', { swarm_sd_configs: [{ masters: [swarm.url] }] }],
    ['nerve', { nerve_sd_configs: [{ servers: [zookeeper.server], paths: ['/nerve'] }] }],
    ['serverset', { serverset_sd_configs: [{ servers: [zookeeper.server], paths: ['/serversets'] }] }],
    [
      'dns',
      {
        dns_sd_configs: [
          {
            names: ['_metrics._tcp.service-0.fleet.test', '_metrics._tcp.service-1.fleet.test'],
            nameservers: [dns.server],
          },
        ],
      },
    ],
  ];
  const fleets = [consul, kubernetes, marathon, nomad, eureka, http, docker, swarm, zookeeper, dns];
  return { jobs, fleets, cluster: kubernetes.url };
}

type Job = readonly [name: string, stanzas: Readonly<Record<string, readonly object[]>>];

async function outputsOf(
  build: Build,
  { scrape_configs }: { readonly scrape_configs: readonly { readonly job_name: string }[] },
): Promise<Outputs> {
  const outputs = new Map<string, string>();
  for (const { job_name } of scrape_configs) {
    const text = await muster(build, ['targets', '--job', job_name, '--output', 'json']);
    outputs.set(`targets ${job_name}`, sortedGroups(text));
  }
  outputs.set('kube state', masked(await muster(build, ['kube-state'])));
  outputs.set('run', masked(await muster(build, ['run', '--output', 'json'])));
  const bucket = join(build.work, 'bucket');
  for (const [key, text] of await objectsOf(bucket)) outputs.set(`bucket ${key}`, text);
  // Both builds show the bucket that the first one made.
  const fixed = join(build.folder, 'fixed');
  await cp(bucket, fixed, { recursive: true, force: false });
  for (const [path, text] of await pagesOf(build, fixed)) outputs.set(`page ${path}`, text);
  return outputs;
}

async function muster({ command, work }: Build, args: readonly string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, [command, ...args, '-c', 'muster.yml'], {
    cwd: work,
    maxBuffer: 1 << 28,
  });
  const { stdout } = await run.catch((error: { stdout?: string; stderr?: string }) => ({
    stdout: `FAILED\n${error.stdout}${error.stderr}`,
  }));
  return stdout;
}

/** Groups in one order, each on a line: some backends answer many requests at a time. What is said beside a group is not compared. */
function sortedGroups(text: string): string {
  if (text.startsWith('FAILED')) return text;
  const groups: readonly Record<'source' | 'labels' | 'targets', unknown>[] = JSON.parse(text);
  return `${groups
    .map(({ source, labels, targets }) => JSON.stringify({ source, labels, targets }))
    .sort()
    .join('\n')}\n`;
}

/** The objects of a store in a folder, unpacked. */
async function objectsOf(bucket: string): Promise<Outputs> {
  const entries = await readdir(bucket, { recursive: true, withFileTypes: true });
  const keys = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(bucket.length + 1));
  const objects = new Map<string, string>();
  for (const key of keys.sort()) {
    // Locks of the folder driver.
    if (!/^(?:targets|parts|snapshots|journal|status|held|retired|metrics)\//.test(key)) continue;
    const bytes = await readFile(join(bucket, key));
    const text = (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    objects.set(key, masked(inLines(text)));
  }
  return objects;
}

/** JSON in one line as many, so that a difference can be read. */
function inLines(text: string): string {
  try {
    return `${JSON.stringify(JSON.parse(text), undefined, 1)}\n`;
  } catch {
    return text;
  }
}

const pages = [
  '/',
  '/jobs/consul',
  '/jobs/kubernetes-pod',
  '/targets?q=web',
  '/changes?job=consul&provider=consul-0',
  '/version?job=consul&provider=consul-0&version=1',
  '/sd/consul',
  '/api/v1/providers',
];

async function pagesOf({ command, work }: Build, bucket: string): Promise<Outputs> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = ['sync', '--from', bucket, '--to', join(work, 'mirror'), '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, [command, ...args], { stdio: 'ignore', cwd: work });
  try {
    const isReady = () =>
      fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await polled(isReady, true);
    const texts = new Map<string, string>();
    for (const path of pages) {
      const answer = await fetch(url + path);
      const text = inLines((await answer.text()).replaceAll(`${port}`, 'PORT'));
      texts.set(path, `HTTP ${answer.status}\n${masked(text.replaceAll(/></g, '>\n<'))}`);
    }
    return texts;
  } finally {
    child.kill();
  }
}

/** The text without what differs from run to run. */
function masked(text: string): string {
  return text
    .replace(/\b\d{8}T\d{6}Z-[0-9a-f-]{4,}/g, 'RUN')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
    .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?\b/g, 'TIME')
    .replace(/\b\d\d:\d\d:\d\d\b/g, 'TIME')
    .replace(/\b\d+(?:\.\d+)? ?(?:ms|s|m|h|seconds?|minutes?)(?= ago|\b)/g, 'DURATION')
    .replace(/("(?:duration(?:_seconds)?|took|milliseconds|listed)": ?)[\d.]+/g, '$1DURATION')
    .replace(/(\/assets\/page\.)[0-9a-f]+/g, '$1HASH')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=\/\d|")/g, 'ID')
    .replace(/\b0\.1\.0(?:\+[0-9a-f]+(?:-dirty)?)?/g, 'VERSION');
}

function report(before: Outputs, after: Outputs): number {
  let different = 0;
  for (const name of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const difference = firstDifference(before.get(name), after.get(name));
    process.stdout.write(`${name}: ${difference ?? 'same'}\n`);
    if (difference !== undefined) different += 1;
  }
  process.stdout.write(`\n${different === 0 ? 'all are the same' : `${different} differ`}\n`);
  return different === 0 ? 0 : 1;
}

function firstDifference(before: string | undefined, after: string | undefined): string | undefined {
  if (before === after) return undefined;
  if (before === undefined || after === undefined) return before === undefined ? 'only now' : 'only before';
  const [old, now] = [before.split('\n'), after.split('\n')];
  const index = old.findIndex((line, at) => line !== now[at]);
  const at = index === -1 ? old.length : index;
  const from = Math.max(0, commonStart(old[at] ?? '', now[at] ?? '') - 60);
  const shown = (line: string | undefined) => (line === undefined ? '(end)' : line.slice(from, from + 200));
  return `line ${at + 1} differs\n  before: ${shown(old[at])}\n  now:    ${shown(now[at])}`;
}

function commonStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

process.exitCode = await main(process.argv.slice(2));
