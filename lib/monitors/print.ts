import { stringify } from 'yaml';
import type { Job } from './jobs.ts';

/**
 * The jobs as a document with `scrape_configs`, in YAML that Prometheus's reader, which is of YAML 1.1, takes as it is
 * meant. `heading` becomes a comment at its top.
 */
export function printJobs(jobs: readonly Job[], heading: readonly string[]): string {
  const comment = heading.map((line) => `# ${line}\n`).join('');
  return comment + yamlText({ scrape_configs: jobs });
}

/** A value as a YAML document, without aliases and without folded lines. */
export function yamlText(value: unknown): string {
  return stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

/** How many SD configs that list something the jobs have, equal ones counted once. */
export function countListings(jobs: readonly Job[]): number {
  return new Set(
    jobs.flatMap(({ kubernetes_sd_configs: configs }) =>
      Array.isArray(configs) ? configs.map((config) => JSON.stringify(config)) : [],
    ),
  ).size;
}
