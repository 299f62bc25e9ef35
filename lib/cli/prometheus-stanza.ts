import { resolve } from 'node:path';
import type { AppProvider } from '../run/providers.ts';
import { encodeJob } from '../targets/keys.ts';

/** Kube-state outputs, and the address that serves them. */
export interface ServedOutputs {
  readonly outputs: readonly string[];
  readonly listen: string;
}

/** The scrape configs with which Prometheus reads the mirrored jobs and outputs, to paste into its configuration. */
export function prometheusStanza(
  folder: string,
  providers: readonly Pick<AppProvider, 'job' | 'rulesRun'>[],
  served?: ServedOutputs,
): string {
  const jobs = new Map(providers.map((one) => [one.job, one]));
  const stanzas = [...jobs.values()].map(({ job, rulesRun = false }) => {
    const files = JSON.stringify(`${resolve(folder)}/${encodeJob(job)}/*.json`);
    // Rules that run again read __meta_ labels that are gone, and overwrite good labels with nothing.
    const rules = rulesRun
      ? '    # Without its relabel_configs, which Muster has run (relabel: publish); "muster check" has the order.\n'
      : '';
    return `  - job_name: ${JSON.stringify(job)}\n${rules}    file_sd_configs:\n      - files: [${files}]\n`;
  });
  const kubeState = served === undefined || served.outputs.length === 0 ? '' : kubeStateStanza(served);
  return `scrape_configs:\n${stanzas.join('')}${kubeState}`;
}

/** One job for all outputs, as the rules for kube-state-metrics expect it; its targets differ in path and instance. */
function kubeStateStanza({ outputs, listen }: ServedOutputs): string {
  const address = listen.replace(/^(?:0\.0\.0\.0|\[::\])?:/, 'localhost:');
  const targets = outputs.map(
    (output) =>
      `      - targets: [${JSON.stringify(address)}]\n        labels: { instance: ${output}, __metrics_path__: /kube-state/${output} }\n`,
  );
  return `  - job_name: kube-state-metrics\n    honor_labels: true\n    static_configs:\n${targets.join('')}`;
}
