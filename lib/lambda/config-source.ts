import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MusterError, toMusterError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { refuseVanished } from '../config/load.ts';
import { ConfigError, inFileOrder } from '../config/problem.ts';
import * as scrapeFiles from '../config/scrape-files.ts';
import { maxConfigBytes, readYaml } from '../config/yaml-document.ts';
import type { ObjectStore } from '../store/store.ts';
import type { FunctionConfig } from './read-config.ts';

/** The configuration in force. */
export type InForce<Config> = Config & {
  /** Digest of its text. Another text has another digest. */
  readonly etag: string;
  /** Whether two looks have found it, so that what left it may be retired. */
  readonly isSettled: boolean;
  /** Why a newer configuration, or the current file, is not in force instead. */
  readonly error?: MusterError | undefined;
};

/** Where the configuration of a function is kept, and how it is read. */
export interface ConfigSourceInput<Config> {
  /** For messages: the URL of the file. */
  readonly location: string;
  /** The store of the file, and its key there. */
  readonly from: ObjectStore;
  readonly key: string;
  /** Where the last good text is kept for functions that start while the file is broken. */
  readonly store: ObjectStore;
  readonly lastGoodKey: string;
  /** Parses a text. Throws if it is wrong. `packFiles` makes the text of a configuration with files. */
  readonly read: (text: string, origin: string) => Config;
  readonly log: Logger;
  /** Milliseconds between two looks at a changed file. Default: a second. */
  readonly wait?: number;
}

/** An object as it was last read. */
interface Known {
  readonly etag: string;
  readonly text: string;
}

/** The result of a look at the file. */
interface Look<Config> {
  /** Digest of the configuration and its files together. */
  readonly etag: string;
  /** The configuration and its files, by their keys: what has not changed is not read again. */
  readonly objects: ReadonlyMap<string, Known>;
  /** The text and its configuration, or what is wrong with it. */
  readonly found: { readonly text: string; readonly config: Config } | { readonly error: MusterError };
}

/** A configuration that was good, and the text that it was read from. */
interface Kept<Config> {
  readonly text: string;
  readonly config: InForce<Config>;
}

/** Largest copy of a configuration with its files, in bytes of JSON. */
const maxKeptBytes = 8 * maxConfigBytes;

/** Milliseconds between two looks within one invocation. */
const settled = 1000;

/**
 * Follows a configuration across the invocations of one process: it and the files of its `scrape_config_files` are
 * asked for with their etags each time, and read when they changed. A change takes effect when two looks have found it,
 * for which is waited a second; the first configuration that the store ever saw does at once. Where it can't be had, is
 * wrong, or lost a file with a job since it was last good, the last good one stays in force and says why: the one in
 * memory, or after a cold start the copy in the store. Throws when there is neither.
 */
export function followConfig<Config extends FunctionConfig>(
  input: ConfigSourceInput<Config>,
): (signal: AbortSignal) => Promise<InForce<Config>> {
  let inForce: InForce<Config> | undefined;
  /** The last good one: never an empty one, which is more likely a mistake than something to fall back on. */
  let good: Kept<Config> | undefined;
  let last: Look<Config> | undefined;

  /** The last good configuration, in memory or else in the store. */
  const recall = async (signal: AbortSignal) => {
    good ??= await recallLastGood(input, signal);
    return good;
  };

  const takeEffect = async ({ etag, found }: Look<Config>, isSettled: boolean, signal: AbortSignal) => {
    if ('error' in found) throw found.error;
    const { text, config } = found;
    const isKnown = good?.text === text;
    if (good !== undefined && !isKnown)
      refuseVanished(text, good.text, { origin: input.location, directory: '.' });
    inForce = { ...config, etag, isSettled };
    if (config.isEmpty) return inForce;
    good = { text, config: inForce };
    if (!isKnown) {
      input.log.info('the configuration is in force', { config: input.location });
      await keepLastGood(input, text, signal);
    }
    return inForce;
  };

  const follow = async (signal: AbortSignal): Promise<InForce<Config>> => {
    const before = last;
    let now = await look(input, before, signal);
    last = now;
    if ('error' in now.found) throw now.found.error;
    if (inForce?.etag === now.etag) {
      // The second look at a configuration that took effect at the first.
      inForce = { ...inForce, isSettled: true };
      return inForce;
    }
    const kept = await recall(signal);
    if (kept === undefined && inForce === undefined) return takeEffect(now, false, signal);
    if (before?.etag === now.etag || kept?.text === now.found.text) return takeEffect(now, true, signal);
    await sleep(input.wait ?? settled, undefined, { signal });
    const first = now;
    now = await look(input, first, signal);
    last = now;
    if (first.etag === now.etag) return takeEffect(now, true, signal);
    const stays = inForce ?? kept?.config;
    if ('error' in now.found || stays === undefined) return takeEffect(now, false, signal);
    return { ...stays, isSettled: false };
  };

  return async (signal) => {
    try {
      return await follow(signal);
    } catch (cause) {
      const error = toMusterError(cause);
      const kept = await recall(signal);
      if (kept === undefined) throw error;
      inForce = { ...kept.config, isSettled: false };
      return { ...inForce, error };
    }
  };
}

/** Reads the file and the files that it names. If none has changed since the last look, returns its result. */
async function look<Config>(
  input: ConfigSourceInput<Config>,
  last: Look<Config> | undefined,
  signal: AbortSignal,
): Promise<Look<Config>> {
  const { location, key, read } = input;
  const objects = new Map<string, Known>();
  const main = await readObject(input, key, { location, last: last?.objects, signal });
  objects.set(key, main);
  const yaml = readYaml(main.text);
  const { files, problems } = scrapeFiles.namesFiles(yaml.value)
    ? await scrapeFiles.readScrapeFiles(yaml, accessOf(input, { last: last?.objects, objects, signal }))
    : { files: [], problems: [] };
  const others = [...objects].slice(1).map(([name, { etag }]) => [name, etag]);
  const etag =
    others.length === 0 && problems.length === 0 ? main.etag : digestOf([main.etag, others, problems]);
  if (last?.etag === etag) return last;
  try {
    const text = scrapeFiles.packFiles(main.text, files);
    // If a file cannot be read, the rest may be valid, but it is not the whole configuration.
    if (problems.length > 0) throw new ConfigError(location, inFileOrder(problems));
    return { etag, objects, found: { text, config: read(text, location) } };
  } catch (cause) {
    return { etag, objects, found: { error: toMusterError(cause) } };
  }
}

function digestOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

interface LookInput {
  readonly last: ReadonlyMap<string, Known> | undefined;
  readonly signal: AbortSignal;
}

/** The current object. Throws `not-found`, `malformed`, and what the store throws. */
async function readObject(
  { from }: ConfigSourceInput<unknown>,
  key: string,
  { location, last, signal }: LookInput & { readonly location: string },
): Promise<Known> {
  const known = last?.get(key);
  const object = await from.getIfChanged(key, known?.etag, { maxBytes: maxConfigBytes, signal });
  if (object === undefined) throw new MusterError('not-found', `${location}: there is no such object`);
  if (object !== 'unchanged') return { etag: object.etag, text: decode(object.body, location) };
  if (known !== undefined) return known;
  throw new MusterError('internal', `${location}: unchanged, but never read`);
}

/** The objects below the folder of the configuration; `objects` gets what was read. */
function accessOf(
  input: ConfigSourceInput<unknown>,
  { last, objects, signal }: LookInput & { readonly objects: Map<string, Known> },
): scrapeFiles.FileAccess {
  const folder = input.key.slice(0, input.key.lastIndexOf('/') + 1);
  const listed = new Map<string, string>();
  return {
    anywhere: false,
    async list(path) {
      const below = scrapeFiles.keyBelow(folder, path, '/');
      const found = await input.from.list(below, { signal });
      for (const { key, etag } of found) listed.set(key, etag);
      return scrapeFiles.namesBelow(
        below,
        found.map(({ key }) => key),
      );
    },
    async read(path) {
      const key = scrapeFiles.keyBelow(folder, path);
      const known = last?.get(key);
      const isAsItWas = known !== undefined && known.etag === listed.get(key);
      const object = isAsItWas ? known : await readObject(input, key, { location: path, last, signal });
      objects.set(key, object);
      return object.text;
    },
  };
}

/** Keeps the text for functions that start while the file is broken. */
async function keepLastGood(
  { store, lastGoodKey, log }: ConfigSourceInput<FunctionConfig>,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const body = new TextEncoder().encode(text);
    const kept = await store.get(lastGoodKey, { maxBytes: maxKeptBytes, signal });
    if (kept !== undefined && Buffer.compare(kept.body, body) === 0) return;
    await store.put(lastGoodKey, body, { condition: 'any', contentType: 'application/yaml', signal });
  } catch (error) {
    log.warn(`the configuration could not be kept for later starts: ${toMusterError(error).message}`);
  }
}

async function recallLastGood<Config extends FunctionConfig>(
  { store, lastGoodKey, read, log }: ConfigSourceInput<Config>,
  signal: AbortSignal,
): Promise<Kept<Config> | undefined> {
  const origin = `${store.url}/${lastGoodKey}`;
  try {
    const kept = await store.get(lastGoodKey, { maxBytes: maxKeptBytes, signal });
    if (kept === undefined) return undefined;
    const text = decode(kept.body, origin);
    const config = read(text, origin);
    return config.isEmpty ? undefined : { text, config: { ...config, etag: kept.etag, isSettled: false } };
  } catch (error) {
    log.warn(`the last good configuration could not be read: ${toMusterError(error).message}`);
    return undefined;
  }
}

function decode(body: Uint8Array, origin: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new MusterError('malformed', `${origin}: it is not UTF-8 text`, { cause });
  }
}
