import { resolve } from 'node:path';
import { encodeJob } from '../target/names.ts';

/** The scrape configs by which Prometheus reads the mirrored jobs, to be pasted into its configuration. */
export function prometheusStanza(folder: string, jobs: readonly string[]): string {
  const stanzas = jobs.map(
    (job) =>
      `  - job_name: ${JSON.stringify(job)}\n    file_sd_configs:\n      - files: [${JSON.stringify(`${resolve(folder)}/${encodeJob(job)}/*.json`)}]\n`,
  );
  return `scrape_configs:\n${stanzas.join('')}`;
}
