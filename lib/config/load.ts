import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { isMusterError, MusterError, toMusterError } from '../errors.ts';
import { type ObjectLocation, parseFileUrl } from '../store/url.ts';
import { type DocumentOptions, documentSchema } from './document.ts';
import type { MusterConfig, NamedOutput } from './muster-config.ts';
import { ConfigError, inFileOrder } from './problem.ts';
import { readText } from './read-text.ts';
import { loadReaders, type ReaderLoaders } from './readers.ts';
import { maxConfigBytes, readYaml, type YamlFile } from './yaml-document.ts';
import { problemsOf } from './zod-problems.ts';

export interface ParseOptions<Stanza, KubeState extends NamedOutput>
  extends DocumentOptions<Stanza, KubeState> {
  /** Names the file in messages. */
  readonly origin: string;
}

/**
 * The configuration that the text of a `muster.yml` describes. An empty file has no jobs. Throws a `ConfigError` with
 * all problems at once.
 */
export function parseConfig<Stanza, KubeState extends NamedOutput = never>(
  text: string,
  options: ParseOptions<Stanza, KubeState>,
): MusterConfig<Stanza, KubeState> {
  return parseFile(readYaml(text), options);
}

function parseFile<Stanza, KubeState extends NamedOutput>(
  file: YamlFile,
  { origin, ...options }: ParseOptions<Stanza, KubeState>,
): MusterConfig<Stanza, KubeState> {
  if (file.value === undefined) throw new ConfigError(origin, inFileOrder(file.problems));
  // What zod would compile to read faster would be used once.
  const parsed = documentSchema(options).safeParse(file.value ?? {}, { jitless: true });
  const issues = parsed.success ? [] : parsed.error.issues.flatMap(problemsOf);
  const problems = [...file.problems, ...issues.map(({ path, message }) => file.problemAt(path, message))];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigError(origin, inFileOrder(problems));
}

/** Where a configuration is looked for when nobody names one. */
const defaultLocation = 'muster.yml';

export interface LoadOptions<Stanza, KubeState extends NamedOutput> extends ReaderLoaders<Stanza, KubeState> {
  /** A path, or a URL for `readUrl`. Default: `muster.yml`. */
  readonly location?: string;
  /** Reads the text behind a URL such as `s3://bucket/muster.yml`. */
  readonly readUrl?: (url: string, object: ObjectLocation) => Promise<string>;
  /** Folder that the location, and the paths in a configuration from a URL, start from. Default: the current one. */
  readonly directory?: string;
}

/** A configuration together with where it came from. */
export interface LoadedConfig<Stanza, KubeState extends NamedOutput> {
  readonly config: MusterConfig<Stanza, KubeState>;
  /** Path or URL, for messages. */
  readonly origin: string;
  /** Folder that relative paths in the configuration start from. */
  readonly directory: string;
  /** SHA-256 of its text. */
  readonly digest: string;
}

/**
 * Reads and parses a configuration. Throws a `ConfigError` for what is wrong in it; `not-found`, `denied`,
 * `too-large`, `malformed` or `storage` when there is none to read.
 */
export async function loadConfig<Stanza, KubeState extends NamedOutput = never>({
  location = defaultLocation,
  readUrl,
  directory = '.',
  ...loaders
}: LoadOptions<Stanza, KubeState>): Promise<LoadedConfig<Stanza, KubeState>> {
  const base = resolve(directory);
  const where = parseLocation(location, base);
  if ('path' in where)
    return await load(await readConfigFile(where.path), location, dirname(where.path), loaders);
  if (readUrl === undefined)
    throw new MusterError('config', `${location}: a configuration can only be read from a file here`);
  return await load(await readUrl(location, where), location, base, loaders);
}

function parseLocation(location: string, base: string) {
  try {
    return parseFileUrl(location, base);
  } catch (cause) {
    throw new MusterError(
      'config',
      `the configuration is named by a path or by s3://bucket/key: ${toMusterError(cause).message}`,
      { cause },
    );
  }
}

async function load<Stanza, KubeState extends NamedOutput>(
  text: string,
  origin: string,
  directory: string,
  loaders: ReaderLoaders<Stanza, KubeState>,
): Promise<LoadedConfig<Stanza, KubeState>> {
  const file = readYaml(text);
  const readers = await loadReaders(file.value, loaders);
  const digest = createHash('sha256').update(text).digest('hex');
  return { config: parseFile(file, { ...readers, origin, directory }), origin, directory, digest };
}

async function readConfigFile(path: string): Promise<string> {
  try {
    return await readText(path, { maxBytes: maxConfigBytes });
  } catch (error) {
    if (!isMusterError(error, 'not-found')) throw error;
    throw new MusterError(
      'not-found',
      `${error.message}: name the configuration with --config or MUSTER_CONFIG`,
      {
        cause: error,
      },
    );
  }
}
