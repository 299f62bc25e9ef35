import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { isMusterError, MusterError, toMusterError } from '../base/errors.ts';
import { readFolder, readText } from '../base/files.ts';
import { type ObjectLocation, parseFileUrl, type StoreLocation, s3Url } from '../store/url.ts';
import {
  type Assembled,
  assemble,
  type ConfigOrigin,
  type FileJobs,
  problemsOfLostFiles,
} from './assemble.ts';
import { type DocumentOptions, documentSchema, storeConfig } from './document.ts';
import { bool, isMapping, scalarText } from './fields.ts';
import type { MusterConfig, NamedOutput, StanzaReader } from './muster-config.ts';
import { ConfigError, type ConfigProblem, inFileOrder, problemsOf } from './problem.ts';
import { findLeftAlone, sdKeys, strictProblems } from './prometheus-keys.ts';
import * as scrapeFiles from './scrape-files.ts';
import { maxConfigBytes, readYaml } from './yaml-document.ts';

/** How a text is parsed. */
export interface ParseOptions<Stanza, KubeState extends NamedOutput>
  extends Pick<DocumentOptions<Stanza, KubeState>, 'mechanisms' | 'kubeState' | 'directory'> {
  /** Names the file in messages. */
  readonly origin: string;
  /** Makes SD configs that Muster does not discover an error, even without `strict` in the file. */
  readonly strict?: boolean;
  /** Reads the SD configs of a backend that the file itself names; see `foreignNames`. */
  readonly readForeign?: ((name: string) => StanzaReader<Stanza>) | undefined;
}

/**
 * The configuration that the text of a `muster.yml` describes, or its text with those of its files, as packed by
 * `packFiles`. Throws a `ConfigError` with all problems at once; an empty file is one, since nobody who means to have
 * no jobs writes it so.
 */
export function parseConfig<Stanza, KubeState extends NamedOutput = never>(
  source: string,
  options: ParseOptions<Stanza, KubeState>,
): MusterConfig<Stanza, KubeState> {
  const { text, files } = scrapeFiles.unpackFiles(source);
  const assembled = assemble(readYaml(text), files, options);
  const { readForeign, mechanisms } = options;
  const known = new Set(mechanisms.map(({ name }) => name));
  const others = foreignNames(assembled.value).filter((name) => !known.has(name));
  const foreign = readForeign === undefined ? [] : others.map(readForeign);
  return parseAssembled(assembled, { ...options, mechanisms: [...mechanisms, ...foreign] });
}

/**
 * Names of the SD configs of a document that neither Prometheus nor Muster knows, where it has `backends`: those are of
 * them, and only a program that loads them knows more.
 */
function foreignNames(document: unknown): readonly string[] {
  const { scrape_configs: jobs, backends }: Sections = isMapping(document) ? document : {};
  if (!Array.isArray(backends) || backends.length === 0 || !Array.isArray(jobs)) return [];
  const keys = new Set(jobs.filter(isMapping).flatMap(Object.keys));
  return [...keys].flatMap((key) =>
    sdKeys.includes(key) ? [] : (/^([a-z][a-z0-9]*)_sd_configs$/.exec(key)?.[1] ?? []),
  );
}

/**
 * Throws a `ConfigError` where a file of the one that was good is gone from the new one; see `problemsOfLostFiles`.
 * Both packed.
 */
export function refuseVanished(now: string, good: string, whereabouts: ConfigOrigin): void {
  const before = scrapeFiles.unpackFiles(good);
  if (before.files.length === 0) return;
  const { files } = assemble(readYaml(before.text), before.files, whereabouts);
  const next = scrapeFiles.unpackFiles(now);
  const problems = problemsOfLostFiles(files, assemble(readYaml(next.text), next.files, whereabouts));
  if (problems.length > 0) throw new ConfigError(whereabouts.origin, inFileOrder(problems));
}

function parseAssembled<Stanza, KubeState extends NamedOutput>(
  assembled: Assembled,
  { origin, strict = false, ...options }: ParseOptions<Stanza, KubeState>,
  others: readonly ConfigProblem[] = [],
): MusterConfig<Stanza, KubeState> {
  const { value, problemAt, nameJob, directoryOf } = assembled;
  if (value === undefined) throw new ConfigError(origin, inFileOrder(assembled.problems));
  if (value === null) throw new ConfigError(origin, [problemAt([], 'is empty')]);
  // zod compiles a schema to read faster, but this schema is used once.
  const parsed = documentSchema({ ...options, nameJob }).safeParse(value, { jitless: true });
  const readKeys = options.mechanisms.map(({ configKey }) => configKey);
  const issues = [
    ...(parsed.success ? [] : parsed.error.issues.flatMap(problemsOf)),
    ...(strict || isStrict(value) ? strictProblems(value, readKeys) : []),
  ];
  const found = issues.map(({ path, message }) => problemAt(path, message));
  const problems = [...assembled.problems, ...others, ...found];
  if (!parsed.success || problems.length > 0) throw new ConfigError(origin, inFileOrder(problems));
  const jobs = parsed.data.jobs.map((job, index) => {
    const directory = directoryOf(index);
    return directory === options.directory ? job : { ...job, directory };
  });
  return { ...parsed.data, jobs, leftAlone: findLeftAlone(value, readKeys) };
}

/** Read beside the schema, so that all problems are reported at once. */
function isStrict(value: unknown): boolean {
  return isMapping(value) && 'strict' in value && bool().safeParse(value.strict).data === true;
}

/** The configuration file that is read when nobody names one. */
const defaultLocation = 'muster.yml';

/** Where a configuration is read from, and how it is parsed. */
export interface LoadOptions<Stanza, KubeState extends NamedOutput> extends ReaderLoaders<Stanza, KubeState> {
  /** A path, or a URL for `readUrl`. Default: `muster.yml`. */
  readonly location?: string;
  /** Reads the text behind a URL such as `s3://bucket/muster.yml`. */
  readonly readUrl?: ((url: string, object: ObjectLocation) => Promise<string>) | undefined;
  /** Lists the keys below a folder of the bucket that `readUrl` reads from; the folder ends with `/` or is empty. */
  readonly listUrl?:
    | ((bucket: ObjectLocation['bucket'], folder: string) => Promise<readonly string[]>)
    | undefined;
  /** Folder that the location, and the paths in a configuration from a URL, start from. Default: the current one. */
  readonly directory?: string;
  /** As in `ParseOptions`. */
  readonly strict?: boolean;
  /** The files of the last good configuration. If one is gone, the load fails; see `problemsOfLostFiles`. */
  readonly before?: readonly FileJobs[];
}

/** A configuration together with where it came from. */
export interface LoadedConfig<Stanza, KubeState extends NamedOutput> {
  readonly config: MusterConfig<Stanza, KubeState>;
  /** Path or URL, for messages. */
  readonly origin: string;
  /** Folder that relative paths in the configuration start from. */
  readonly directory: string;
  /** SHA-256 of its text and those of its files. */
  readonly digest: string;
  /** The files of `scrape_config_files`. */
  readonly files: readonly FileJobs[];
  /** A problem at a path, with its file and position. Job indices of the path count the jobs of all files. */
  readonly problemAt: Assembled['problemAt'];
  /** Reads the texts again and says whether they are the same. Parses nothing. Throws what `loadConfig` throws. */
  readonly isUnchanged: () => Promise<boolean>;
}

/**
 * Reads and parses a configuration. Throws a `ConfigError` for what is wrong in it; `not-found`, `denied`,
 * `too-large`, `malformed` or `storage` when there is none to read.
 */
export async function loadConfig<Stanza, KubeState extends NamedOutput = never>({
  location = defaultLocation,
  readUrl,
  listUrl,
  directory = '.',
  strict = false,
  before = [],
  ...loaders
}: LoadOptions<Stanza, KubeState>): Promise<LoadedConfig<Stanza, KubeState>> {
  const where = { location, directory, readUrl };
  const source = await readSource(where);
  const { text, object, ...rest } = source;
  const main = readYaml(text);
  const access =
    object === undefined
      ? folderAccess(source.directory)
      : bucketAccess(object, { location, readUrl, listUrl });
  const filesOf = scrapeFiles.namesFiles(main.value)
    ? () => scrapeFiles.readScrapeFiles(main, access)
    : undefined;
  const read = (await filesOf?.()) ?? noFiles;
  const assembled = assemble(main, read.files, rest);
  const readers = await loadReaders(assembled.value, loaders);
  const foreign = await loadForeign(assembled, source, loaders.loadBackend);
  if (foreign.problems.length > 0) throw new ConfigError(location, inFileOrder(foreign.problems));
  const problems = [...read.problems, ...problemsOfLostFiles(before, assembled)];
  const digest = digestOf(scrapeFiles.packFiles(text, read.files));
  const mechanisms = [...readers.mechanisms, ...foreign.readers];
  const config = parseAssembled(assembled, { ...readers, ...rest, mechanisms, strict }, problems);
  return {
    config,
    ...rest,
    digest,
    files: assembled.files,
    problemAt: assembled.problemAt,
    isUnchanged: lookAgain({ text: digestOf(text), all: digest }, () => readSource(where), filesOf),
  };
}

const noFiles: Awaited<ReturnType<typeof scrapeFiles.readScrapeFiles>> = { files: [], problems: [] };

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A function of its own, so that of a configuration without files no tree is kept. */
function lookAgain(
  digests: { readonly text: string; readonly all: string },
  readMain: () => Promise<{ readonly text: string }>,
  readFiles: (() => ReturnType<typeof scrapeFiles.readScrapeFiles>) | undefined,
): () => Promise<boolean> {
  return async () => {
    const { text } = await readMain();
    // The same text names the same files.
    if (digestOf(text) !== digests.text) return false;
    const { files, problems } = (await readFiles?.()) ?? noFiles;
    return problems.length === 0 && digestOf(scrapeFiles.packFiles(text, files)) === digests.all;
  };
}

/**
 * Loads the files that `backends` names. They are code, which runs with all rights of this process: only a file on this
 * machine may name them, since the right to write an object should not be the right to run a program here.
 */
async function loadForeign<Stanza>(
  { value, problemAt }: Pick<Assembled, 'value' | 'problemAt'>,
  { object, directory }: { readonly object: ObjectLocation | undefined; readonly directory: string },
  load: ReaderLoaders<Stanza, never>['loadBackend'],
) {
  const { backends }: Sections = isMapping(value) ? value : {};
  const readers: StanzaReader<Stanza>[] = [];
  const problems: ConfigProblem[] = [];
  for (const [index, named] of (Array.isArray(backends) ? backends : []).entries()) {
    const path = scalarText(named) ?? '';
    const complain = (message: string) => problems.push(problemAt(['backends', index], message));
    if (object !== undefined)
      complain(
        'is code, which is loaded from files on this machine only: name it in a configuration that is such a file',
      );
    else if (load === undefined) complain('cannot be loaded by this program');
    else {
      try {
        const reader = await load(path, directory);
        if (readers.some(({ name }) => name === reader.name))
          complain(`is another backend called ${reader.name}`);
        else readers.push(reader);
      } catch (error) {
        complain(toMusterError(error).message);
      }
    }
  }
  return { readers, problems };
}

function folderAccess(directory: string): scrapeFiles.FileAccess {
  return {
    anywhere: true,
    list: (folder) => readFolder(resolve(directory, folder)),
    read: (path) => readText(resolve(directory, path), { maxBytes: maxConfigBytes }),
  };
}

/** The objects below the folder of the configuration. */
function bucketAccess(
  { bucket, key }: ObjectLocation,
  { location, readUrl, listUrl }: Pick<LoadOptions<never, never>, 'location' | 'readUrl' | 'listUrl'>,
): scrapeFiles.FileAccess {
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return {
    anywhere: false,
    async list(path) {
      const keys = await listUrl?.(bucket, scrapeFiles.keyBelow(folder, path, '/'));
      if (keys === undefined) throw new MusterError('config', `${location}: no folder can be listed here`);
      return scrapeFiles.namesBelow(scrapeFiles.keyBelow(folder, path, '/'), keys);
    },
    async read(path) {
      const object = scrapeFiles.keyBelow(folder, path);
      const text = await readUrl?.(`${s3Url({ ...bucket, prefix: object })}`, { bucket, key: object });
      if (text === undefined) throw new MusterError('config', `${location}: no object can be read here`);
      return text;
    },
  };
}

/**
 * The store of a configuration, even if everything else in it is wrong; `undefined` if the store is unknown. Throws
 * like `loadConfig` (`not-found`, `denied`, …) when there is no configuration to read.
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
    return {
      ...{ text: await readConfigFile(where.path), object: undefined },
      ...{ origin: location, directory: dirname(where.path) },
    };
  if (readUrl === undefined)
    throw new MusterError('config', `${location}: a configuration can only be read from a file here`);
  return { text: await readUrl(location, where), object: where, origin: location, directory: base };
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

/** A mechanism by its key. The rest of it is loaded when a configuration has that key. */
export interface MechanismLoader<Stanza> extends Pick<StanzaReader<Stanza>, 'name' | 'configKey'> {
  readonly load: () => Promise<StanzaReader<Stanza>>;
}

/** The parts of the schema that are loaded only where a configuration needs them. */
export interface ReaderLoaders<Stanza, KubeState extends NamedOutput> {
  /** The mechanisms whose SD configs a scrape config may have. */
  readonly mechanisms: readonly MechanismLoader<Stanza>[];
  /** Loads the schema of an entry of `kube_state_metrics`; without it there may be none. */
  readonly loadKubeState?: () => Promise<z.ZodType<KubeState>>;
  /** Loads a backend of `backends`, by its path from the folder; without it there may be none. Throws kind `config`. */
  readonly loadBackend?: ((path: string, directory: string) => Promise<StanzaReader<Stanza>>) | undefined;
}

interface Sections {
  readonly backends?: unknown;
  readonly scrape_configs?: unknown;
  readonly kube_state_metrics?: unknown;
}

/** Loads only what is needed to read the document with this value, because someone waits for the command to start. */
export async function loadReaders<Stanza, KubeState extends NamedOutput>(
  document: unknown,
  { mechanisms, loadKubeState }: ReaderLoaders<Stanza, KubeState>,
): Promise<Pick<DocumentOptions<Stanza, KubeState>, 'mechanisms' | 'kubeState'>> {
  const { scrape_configs: jobs, kube_state_metrics: outputs }: Sections = isMapping(document) ? document : {};
  const keys = new Set((Array.isArray(jobs) ? jobs : []).filter(isMapping).flatMap(Object.keys));
  const kubeState = outputs === undefined ? undefined : await loadKubeState?.();
  return {
    mechanisms: await Promise.all(
      mechanisms.map(({ name, configKey, load }) =>
        keys.has(configKey) ? load() : { name, configKey, schema: z.never() },
      ),
    ),
    kubeState,
  };
}
