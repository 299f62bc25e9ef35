import { readFile, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isMap, isSeq, type ParsedNode } from 'yaml';
import type { Stanza } from '../backends/mechanism.ts';
import { mechanisms } from '../backends/registry.ts';
import { MusterError } from '../base/errors.ts';
import { isMapping } from '../config/fields.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { Job } from '../config/muster-config.ts';
import { parseYaml } from '../config/yaml-document.ts';
import { buildTree } from '../config/yaml-tree.ts';
import { aliasTargets, behind, pairOf } from './spans.ts';

/** A file of the configuration of Prometheus: `prometheus.yml` itself, or one of its `scrape_config_files`. */
export interface Source {
  /** Its name in messages, relative to the current folder. */
  readonly name: string;
  /** Full path; of the real file where it is a link. */
  readonly path: string;
  /** Folder that relative paths in it start from. */
  readonly folder: string;
  /** As on disk. */
  readonly bytes: Uint8Array;
  /** The byte order mark; empty if it has none. */
  readonly mark: string;
  /** Without the mark. */
  readonly text: string;
  /** Its jobs, in its order. */
  readonly jobs: readonly SourceJob[];
}

/** A scrape config, as Muster reads it and as the file writes it. */
export interface SourceJob {
  readonly job: Job<Stanza>;
  /** The value with aliases and merge keys resolved. */
  readonly value: object;
}

/** A valid configuration of Prometheus. */
export interface Sources {
  /** `prometheus.yml` first. */
  readonly files: readonly Source[];
  readonly config: LoadedConfig<Stanza, never>['config'];
  /** The value of `prometheus.yml`. */
  readonly value: unknown;
}

/**
 * Reads `prometheus.yml` and its `scrape_config_files`. Throws a `ConfigError` with all problems of all files, and
 * `conflict` when a file changes meanwhile.
 */
export async function readSources(location: string): Promise<Sources> {
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(location))
    throw new MusterError('config', `${location}: only a file can be adopted`);
  const loaded = await loadConfig<Stanza>({ location, mechanisms });
  const paths = [resolve(location), ...loaded.files.map(({ path }) => resolve(loaded.directory, path))];
  const names = [
    location,
    ...loaded.files.map(({ path }) => (path.startsWith('/') ? path : nameBeside(location, path))),
  ];
  const files: Source[] = [];
  let first = 0;
  let value: unknown;
  for (const [index, path] of paths.entries()) {
    const source = await readSource(path, names[index] ?? path);
    const jobs = valuesOfJobs(source.value).flatMap((one, place) => {
      const job = loaded.config.jobs[first + place];
      return job === undefined ? [] : [{ job, value: one }];
    });
    first += jobs.length;
    if (index === 0) value = source.value;
    files.push({ ...source.file, jobs });
  }
  if (first !== loaded.config.jobs.length)
    throw new MusterError('conflict', `${location} changed while it was read; try again`);
  return { files, config: loaded.config, value };
}

/** The nodes of a document's scrape configs. The document is a mapping with `scrape_configs`, or the list itself. */
export function jobNodes(root: ParsedNode | null): readonly ParsedNode[] {
  const targets = aliasTargets(root);
  const top = behind(root, targets);
  const list = isMap(top) ? behind(pairOf(top, 'scrape_configs')?.value ?? null, targets) : top;
  return isSeq(list) ? list.items : [];
}

/** The values of the scrape configs of a document. */
export function valuesOfJobs(value: unknown): readonly object[] {
  const { scrape_configs: jobs }: { readonly scrape_configs?: unknown } = isMapping(value)
    ? value
    : { scrape_configs: value };
  return Array.isArray(jobs) ? jobs.filter(isMapping) : [];
}

/** The value of a YAML text; `undefined` if it is malformed. */
export function meaningOf(text: string): unknown {
  const { document } = parseYaml(text);
  if (document === undefined) return undefined;
  const { value, problems } = buildTree(document.contents);
  return problems.length > 0 ? undefined : value;
}

async function readSource(path: string, name: string) {
  const real = await realpath(path);
  const bytes = await readFile(real);
  const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const mark = whole.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = whole.slice(mark.length);
  return { file: { name, path: real, folder: dirname(path), bytes, mark, text }, value: meaningOf(text) };
}

function nameBeside(location: string, path: string): string {
  const slash = location.lastIndexOf('/');
  return slash < 0 ? path : `${location.slice(0, slash + 1)}${path}`;
}
