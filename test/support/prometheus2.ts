import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { LabelSet } from '../../lib/target/group.ts';
import { startProcess } from './process.ts';
import { requireProgram } from './programs.ts';

/** A real Prometheus 2, which discovers but scrapes nothing. */
export interface Prometheus2 {
  /** Labels before relabelling of all targets found so far. */
  discovered(): Promise<readonly LabelSet[]>;
  stop(): Promise<void>;
}

const targetsAnswer = z.object({
  data: z.object({
    activeTargets: z.array(z.object({ discoveredLabels: z.record(z.string(), z.string()) })),
  }),
});

/** Starts Prometheus 2 with one job of these SD configs, e.g. `{ consul_sd_configs: [{ server }] }`. */
export async function startPrometheus2(sdConfigs: object): Promise<Prometheus2> {
  const folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, JSON.stringify(configuration(sdConfigs)));
  const running = await startProcess({
    command: requireProgram('prometheus2'),
    args: ([port]) => [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ],
    ready: ([port]) => `http://127.0.0.1:${port}/-/ready`,
  });
  return {
    async discovered() {
      const response = await fetch(`http://127.0.0.1:${running.ports[0]}/api/v1/targets?state=active`);
      const { data } = targetsAnswer.parse(await response.json());
      return data.activeTargets.map(({ discoveredLabels }) => discoveredLabels);
    },
    async stop() {
      await running.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * Prometheus merges targets whose labels are equal after relabelling, and calls each of them: so all discovered labels
 * are kept under another name, and every address becomes a closed port of this machine, once an hour.
 */
function configuration(sdConfigs: object): object {
  const relabel_configs = [
    { action: 'labelmap', regex: '__(meta_.+|address__)', replacement: 'was_${1}' },
    { target_label: '__address__', replacement: '127.0.0.1:1' },
  ];
  return {
    global: { scrape_interval: '1h' },
    scrape_configs: [{ job_name: 'all', relabel_configs, ...sdConfigs }],
  };
}
