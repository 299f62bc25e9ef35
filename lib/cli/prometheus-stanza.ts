import { resolve } from 'node:path';
import type { AppProvider } from '../run/providers.ts';
import { encodeJob } from '../targets/keys.ts';

/** Kube-state outputs by the names of their objects, and the address at which they are served. */
export interface ServedOutputs {
  readonly outputs: readonly string[];
  readonly listen: string;
}

/** The scrape configs by which Prometheus reads the mirrored jobs and outputs, to be pasted into its configuration. */
export function prometheusStanza(
  folder: string,
  providers: readonly Pick<AppProvider, 'job' | 'rulesRun'>[],
  served?: ServedOutputs,
): string {
  const jobs = new Map(providers.map((one) => [one.job, one]));
  const stanzas = [...jobs.values()].map(({ job, rulesRun = false }) => {
    const files = JSON.stringify(`${resolve(folder)}/${encodeJob(job)}/*.json`);
    // Rules that run twice read __meta_ labels which are gone, and put nothing over what the first run made of them.
    const rules = rulesRun
      ? '    # Without its relabel_configs, which Muster has run (relabel: publish); "muster check" has the order.\n'
      : '';
    return `  - job_name: ${JSON.stringify(job)}\n${rules}    file_sd_configs:\n      - files: [${files}]\n`;
  });
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
