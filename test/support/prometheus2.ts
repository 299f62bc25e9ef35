import type { LabelSet } from '../../lib/targets/group.ts';
import { keepApart, startPrometheus } from './prometheus.ts';

/** A real Prometheus 2, which discovers but scrapes nothing. */
export interface Prometheus2 {
  /** Labels before relabelling of all targets found so far for the job. */
  discovered(job: string): Promise<readonly LabelSet[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus 2 with jobs of these SD configs, e.g. `{ api: { consul_sd_configs: [{ server }] } }`. */
export async function startPrometheus2(jobs: Readonly<Record<string, object>>): Promise<Prometheus2> {
  const scrape_configs = Object.entries(jobs).map(([job_name, sdConfigs]) => ({
    job_name,
    relabel_configs: keepApart,
    ...sdConfigs,
  }));
  const { targets, stop } = await startPrometheus(
    { global: { scrape_interval: '1h' }, scrape_configs },
    'prometheus2',
  );
  return {
    async discovered(job) {
      return (await targets()).activeTargets
        .filter(({ scrapePool }) => scrapePool === job)
        .map(({ discoveredLabels }) => discoveredLabels);
    },
    stop,
  };
}
