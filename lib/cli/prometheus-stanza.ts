import { resolve } from 'node:path';
import { encodeJob } from '../target/names.ts';

/** Kube-state outputs by the names of their objects, and the address at which they are served. */
export interface ServedOutputs {
  readonly outputs: readonly string[];
  readonly listen: string;
}

/** The scrape configs by which Prometheus reads the mirrored jobs and outputs, to be pasted into its configuration. */
export function prometheusStanza(folder: string, jobs: readonly string[], served?: ServedOutputs): string {
  const stanzas = jobs.map(
    (job) =>
      `  - job_name: ${JSON.stringify(job)}\n    file_sd_configs:\n      - files: [${JSON.stringify(`${resolve(folder)}/${encodeJob(job)}/*.json`)}]\n`,
  );
  const kubeState = served === undefined || served.outputs.length === 0 ? '' : kubeStateStanza(served);
  return `scrape_configs:\n${stanzas.join('')}${kubeState}`;
}

/** One job, as the rules for kube-state-metrics expect it; its targets differ in path and instance. */
function kubeStateStanza({ outputs, listen }: ServedOutputs): string {
  const address = listen.replace(/^(?:0\.0\.0\.0|\[::\])?:/, 'localhost:');
  const targets = outputs.map(
    (output) =>
      `      - targets: [${JSON.stringify(address)}]\n        labels: { instance: ${output}, __metrics_path__: /kube-state/${output} }\n`,
  );
  return `  - job_name: kube-state-metrics\n    honor_labels: true\n    static_configs:\n${targets.join('')}`;
}
