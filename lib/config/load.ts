import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { isMusterError, MusterError, toMusterError } from '../errors.ts';
import { type ObjectLocation, parseFileUrl, type StoreLocation } from '../store/url.ts';
import { type DocumentOptions, documentSchema } from './document.ts';
import type { MusterConfig, NamedOutput } from './muster-config.ts';
import { ConfigError, inFileOrder } from './problem.ts';
import { readText } from './read-text.ts';
import { loadReaders, type ReaderLoaders } from './readers.ts';
import { isMapping } from './scalar.ts';
import { storeConfig } from './store-config.ts';
import { maxConfigBytes, readYaml, type YamlFile } from './yaml-document.ts';
import { problemsOf } from './zod-problems.ts';

export interface ParseOptions<Stanza, KubeState extends NamedOutput>
  extends DocumentOptions<Stanza, KubeState> {
  /** Names the file in messages. */
  readonly origin: string;
}

/**
 * The configuration that the text of a `muster.yml` describes. Throws a `ConfigError` with all problems at once; an
 * empty file is one, since nobody who means to have no jobs writes it so.
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
  if (file.value === null) throw new ConfigError(origin, [file.problemAt([], 'is empty')]);
  // What zod would compile to read faster would be used once.
  const parsed = documentSchema(options).safeParse(file.value, { jitless: true });
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
  const source = await readSource({ location, directory, ...(readUrl && { readUrl }) });
  const file = readYaml(source.text);
  const readers = await loadReaders(file.value, loaders);
  const { text, ...rest } = source;
  const digest = createHash('sha256').update(text).digest('hex');
  return { config: parseFile(file, { ...readers, ...rest }), ...rest, digest };
}

/**
 * Where the store is, of a configuration of which all else may be wrong; `undefined` where that cannot be told. Throws
 * when there is no configuration to read.
 */
export async function loadStoreLocation(
  options: Pick<LoadOptions<never, never>, 'location' | 'readUrl' | 'directory'>,
): Promise<StoreLocation | undefined> {
  const { text, directory } = await readSource(options);
  const { value } = readYaml(text);
  if (!isMapping(value)) return undefined;
  const { store }: { readonly store?: unknown } = value;
  return storeConfig(directory).safeParse(store ?? undefined).data;
}

async function readSource({
  location = defaultLocation,
  readUrl,
  directory = '.',
}: Pick<LoadOptions<never, never>, 'location' | 'readUrl' | 'directory'>) {
  const base = resolve(directory);
  const where = parseLocation(location, base);
  if ('path' in where)
    return { text: await readConfigFile(where.path), origin: location, directory: dirname(where.path) };
  if (readUrl === undefined)
    throw new MusterError('config', `${location}: a configuration can only be read from a file here`);
  return { text: await readUrl(location, where), origin: location, directory: base };
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
