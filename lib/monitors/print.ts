import { Document, parse, visit } from 'yaml';
import type { Job } from './job-keys.ts';

/**
 * The jobs as a YAML document with `scrape_configs`, readable as YAML 1.1, which Prometheus reads, and as YAML 1.2.
 * `heading` becomes a comment at the top, a line each.
 */
export function printJobs(jobs: readonly Job[], heading: readonly string[]): string {
  const comment = heading.map((line) => `# ${line}\n`).join('');
  return comment + yamlText({ scrape_configs: jobs });
}

/**
 * A value as a YAML document without aliases and folded lines. Strings that YAML 1.1 or 1.2 would read as another type are
 * quoted: Prometheus and others read the one, Muster reads the other.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === 'string' && isOtherInCore(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

function isOtherInCore(text: string): boolean {
  return /^[-+.\w~]+$/.test(text) && typeof parse(text, { schema: 'core' }) !== 'string';
}

/** The number of different SD configs in the jobs that need a listing. */
export function countListings(jobs: readonly Job[]): number {
  const configs = jobs.flatMap((job) =>
    Object.entries(job).flatMap(([key, list]) =>
      /_sd_configs$/.test(key) && key !== 'file_sd_configs' && Array.isArray(list)
        ? list.map((config) => JSON.stringify([key, config]))
        : [],
    ),
  );
  return new Set(configs).size;
}
