import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { requireProgram } from './find-program.ts';
import { startProcess } from './process.ts';

const labelSet = z.record(z.string(), z.string());

/** A target as Prometheus has it. */
const activeTarget = z.object({
  /** Before relabelling. */
  discoveredLabels: labelSet,
  /** After it, without those that begin with two underscores. */
  labels: labelSet,
  scrapePool: z.string(),
  scrapeUrl: z.string(),
  health: z.string(),
});

const targetsAnswer = z.object({
  data: z.object({
    activeTargets: z.array(activeTarget),
    /** Their `labels` are not in the answer: relabelling dropped them. */
    droppedTargets: z.array(z.object({ discoveredLabels: labelSet, scrapePool: z.string().optional() })),
  }),
});

export type ActiveTarget = z.infer<typeof activeTarget>;
export type PrometheusTargets = z.infer<typeof targetsAnswer>['data'];

const queryAnswer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: labelSet, value: z.tuple([z.number(), z.string()]) })),
  }),
});

/** A real Prometheus. */
export interface Prometheus {
  readonly url: string;
  targets(): Promise<PrometheusTargets>;
  /** Value of one of its own metrics, summed over its labels; 0 where there is none. */
  ownMetric(name: string): Promise<number>;
  /** The answer to an instant query: values by their labels. */
  query(expression: string): Promise<z.infer<typeof queryAnswer>['data']['result']>;
  /** Reads its configuration again; throws where it is wrong. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Prometheus with this configuration and an empty database. Default: version 3. */
export async function startPrometheus(
  configuration: object,
  program: 'prometheus' | 'prometheus2' = 'prometheus',
): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, JSON.stringify(configuration));
  return startPrometheusOn(file, folder, program);
}

/** The same on a file that is there. The folder, for its database, goes when it stops. */
export async function startPrometheusOn(
  file: string,
  folder: string,
  program: 'prometheus' | 'prometheus2' = 'prometheus',
): Promise<Prometheus> {
  const running = await startProcess({
    command: requireProgram(program),
    args: ([port]) => [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn', '--web.enable-lifecycle'],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/-/ready`,
  });
  const url = `http://127.0.0.1:${running.ports[0]}`;
  const read = async (path: string) => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  return {
    url,
    async targets() {
      return targetsAnswer.parse(await (await read('/api/v1/targets')).json()).data;
    },
    async ownMetric(name) {
      const text = await (await read('/metrics')).text();
      const samples = text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    async query(expression) {
      const answer = await read(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      return queryAnswer.parse(await answer.json()).data.result;
    },
    async reload() {
      const response = await fetch(`${url}/-/reload`, { method: 'POST' });
      if (!response.ok) throw new Error(`reload: ${response.status} ${await response.text()}`);
    },
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * Relabelling under which every target stays apart and none is called: Prometheus merges targets whose labels are equal
 * after relabelling. So all discovered labels are kept under another name, and every address becomes a closed port.
 */
export const keepApart = [
  { action: 'labelmap', regex: '__(meta_.+|address__)', replacement: 'was_${1}' },
  { target_label: '__address__', replacement: '127.0.0.1:1' },
];
