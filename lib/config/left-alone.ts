import { nameOf } from './assemble.ts';
import type { LeftAlone } from './muster-config.ts';
import type { KeyPath } from './problem.ts';
import { sdKeys, stayingKeys } from './prometheus-keys.ts';
import { isMapping } from './scalar.ts';
import { enumerate } from './section.ts';

/** Jobs that are named of one key; the others are counted. */
const maxNamed = 20;

/** One line, as in `Left to Prometheus: static_configs of prometheus, node; ec2_sd_configs of aws`; empty for nothing. */
export function formatLeftAlone(leftAlone: readonly LeftAlone[]): string {
  if (leftAlone.length === 0) return '';
  const parts = leftAlone.map(({ key, of }) => {
    const more = of.length - maxNamed;
    return `${key} of ${of.slice(0, maxNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  });
  return `Left to Prometheus: ${parts.join('; ')}`;
}

/** The SD configs of a document that none of these mechanisms reads, and those of its alertmanagers. */
export function findLeftAlone(document: unknown, readKeys: readonly string[]): readonly LeftAlone[] {
  const { alerting }: Sections = isMapping(document) ? document : {};
  const { alertmanagers }: Sections = isMapping(alerting) ? alerting : {};
  const managerKeys = new Set(listOf(alertmanagers).flatMap(sdKeysOf));
  const byKey = Map.groupBy(leftKeys(document, readKeys), ({ key }) => key);
  return [
    ...Array.from(byKey, ([key, jobs]) => ({
      key,
      of: jobs.map(({ index, job }) => nameOf(job) ?? `job ${index}`),
    })),
    ...Array.from(managerKeys, (key) => ({ key, of: ['the alertmanagers'] })),
  ];
}

/** What is left alone of the jobs, as problems: for those who want a configuration of which all is Muster's. */
export function strictProblems(
  document: unknown,
  readKeys: readonly string[],
): readonly { readonly path: KeyPath; readonly message: string }[] {
  return leftKeys(document, readKeys).map(({ key, index }) => ({
    path: ['scrape_configs', index, key],
    message: stayingKeys.includes(key)
      ? 'is left to Prometheus, which "strict" forbids: Prometheus reads these targets by itself'
      : `is left to Prometheus, which "strict" forbids: Muster has no backend for it; it has ${enumerate(readKeys)}`,
  }));
}

interface Sections {
  readonly scrape_configs?: unknown;
  readonly alerting?: unknown;
  readonly alertmanagers?: unknown;
}

function leftKeys(document: unknown, readKeys: readonly string[]) {
  const { scrape_configs: jobs }: Sections = isMapping(document) ? document : {};
  return listOf(jobs).flatMap((job, index) =>
    sdKeysOf(job)
      .filter((key) => !readKeys.includes(key))
      .map((key) => ({ key, index, job })),
  );
}

/** The keys of SD configs that a mapping has, in its order; one without a value counts as absent. */
function sdKeysOf(mapping: unknown): readonly string[] {
  if (!isMapping(mapping)) return [];
  return Object.entries(mapping)
    .filter(
      ([key, value]) =>
        sdKeys.includes(key) && value !== null && !(Array.isArray(value) && value.length === 0),
    )
    .map(([key]) => key);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
