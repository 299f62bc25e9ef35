import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetesFleet } from '../../lib/sim/kubernetes.ts';
import { polled } from '../support/poll.ts';
import { startProcess } from '../support/process.ts';
import { measure, readUsage } from './measure.ts';

const muster = join(import.meta.dirname, '../../dist/muster.mjs');

/** Pods of the cluster: three targets each, about 100,000 in all. */
const defaultPods = 32_500;

/** How often each page is asked for. Each time the question is another one, so that no answer is a kept one. */
const runs = 5;

/** The bars: the middle time of a page that has one, ms, and the peak memory, MB. */
const bars = { time: 300, memory: 250 };

/** Rules as the usual charts have them for pods. */
const rules = [
  {
    source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'],
    action: 'keep',
    regex: 'true',
  },
  {
    source_labels: ['__address__', '__meta_kubernetes_pod_annotation_prometheus_io_port'],
    action: 'replace',
    regex: '([^:]+)(?::\\d+)?;(\\d+)',
    replacement: '$1:$2',
    target_label: '__address__',
  },
  { action: 'labelmap', regex: '__meta_kubernetes_pod_label_(.+)' },
  { source_labels: ['__meta_kubernetes_pod_phase'], action: 'drop', regex: 'Pending|Succeeded|Failed' },
];

/** A page: its path for the nth run, and whether the bar on time holds for it. */
interface Page {
  readonly name: string;
  readonly path: (run: number) => string;
  readonly barred: boolean;
}

/**
 * `npm run bench -- page [PODS]`: the time in which the sidecar answers each kind of page with about 100,000 targets of one
 * provider, the CPU that it takes, and its peak memory after each.
 */
export async function benchPage([pods = `${defaultPods}`]: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const fleet = await startKubernetesFleet({ seed: 'page', pods: Number(pods) });
  try {
    await mkdir(join(folder, 'mirror'));
    const config = {
      store: './bucket',
      scrape_configs: [
        {
          job_name: 'pods',
          kubernetes_sd_configs: [{ api_server: fleet.url, role: 'pod' }],
          relabel_configs: rules,
        },
      ],
    };
    await writeFile(join(folder, 'muster.yml'), JSON.stringify(config));
    const cycle = await measure(process.execPath, [muster, 'run', '-c', 'muster.yml'], { cwd: folder });
    if (cycle.code !== 0) throw new Error(cycle.errors);
    await using sidecar = await startMirror(folder);
    await measurePages(sidecar);
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startMirror(folder: string) {
  const sidecar = await startProcess({
    command: process.execPath,
    args: ([port]) => [
      ...[muster, 'sync', '--from', join(folder, 'bucket'), '--to', join(folder, 'mirror')],
      ...['--listen', `127.0.0.1:${port}`],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/healthz`,
    patience: 60_000,
  });
  const url = `http://127.0.0.1:${sidecar.ports[0]}`;
  await polled(async () => (await fetch(`${url}/readyz`)).status, 200);
  return { url, pid: sidecar.pid, [Symbol.asyncDispose]: () => sidecar.stop() };
}

async function measurePages({ url, pid }: { readonly url: string; readonly pid: number }): Promise<void> {
  const { providers }: { readonly providers: readonly { readonly targets: number }[] } = JSON.parse(
    await textOf(`${url}/api/v1/providers`),
  );
  const link = /href="(\/target\?[^"]+)"/.exec(await textOf(`${url}/targets?q=pod_name~.*`))?.[1];
  if (link === undefined) throw new Error('no link to a target');
  const search = (query: string) => `/targets?q=${encodeURIComponent(query)}`;
  const target = link.replaceAll('&amp;', '&');
  const pages: readonly Page[] = [
    { name: 'overview', path: () => '/', barred: true },
    { name: 'job', path: (run) => `/jobs/pods?page=${run + 1}`, barred: true },
    { name: 'search, a word', path: (run) => search(`web-${run}`), barred: true },
    { name: 'search, a label', path: (run) => search(`pod_name=web-${run}`), barred: true },
    { name: 'search, negated', path: (run) => search(`namespace!=team-${run}`), barred: true },
    { name: 'search, expression', path: (run) => search(`pod_name~.*-[a-f]${run}.*`), barred: true },
    { name: 'search, addresses', path: (run) => search(`address~.*:8${run}`), barred: true },
    { name: 'search, no such label', path: (run) => search(`pod_nam=web-${run}`), barred: true },
    { name: 'target', path: (run) => `${target}&run=${run}`, barred: true },
    { name: 'dropped by rules', path: (run) => `/dropped?job=pods&page=${run + 1}`, barred: false },
  ];
  const rows: string[] = [];
  const over: string[] = [];
  for (const { name, path, barred } of pages) {
    const times: number[] = [];
    const before = (await readUsage(pid))?.cpu ?? Number.NaN;
    for (let run = 0; run < runs; run += 1) {
      const start = performance.now();
      await textOf(url + path(run));
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const middle = times[Math.floor(times.length / 2)] ?? Number.NaN;
    const { cpu, memory } = (await readUsage(pid)) ?? { cpu: Number.NaN, memory: Number.NaN };
    if ((barred && middle > bars.time) || memory > bars.memory) over.push(name);
    const each = ((cpu - before) * 1000) / runs;
    const shown = [middle, times[0], times.at(-1), each].map((time = Number.NaN) => time.toFixed(0));
    rows.push(`| ${[name, ...shown, memory.toFixed(0)].join(' | ')} |`);
  }
  process.stdout.write(
    [
      `${providers.reduce((sum, { targets }) => sum + targets, 0)} targets`,
      '',
      '| page | median ms | fastest ms | slowest ms | CPU ms, mean | peak MB so far |',
      '|---|---|---|---|---|---|',
      ...rows,
      over.length === 0 ? '\nwithin the bars\n' : `\nover a bar: ${over.join(', ')}\n`,
    ].join('\n'),
  );
}

async function textOf(url: string): Promise<string> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: HTTP ${answer.status}`);
  return text;
}
