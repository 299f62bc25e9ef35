import { setTimeout as sleep } from 'node:timers/promises';
import { maxConfigBytes } from '../../config/yaml-document.ts';
import { MusterError, toMusterError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { FunctionConfig } from './read-config.ts';

/** The configuration that is in force. */
export type InForce<Config> = Config & {
  /** Of the text that it was read from: another text has another. */
  readonly etag: string;
  /** Two looks have found it: what left it may be retired. */
  readonly isSettled: boolean;
  /** Why a newer one, or the file as it is now, is not in force instead. */
  readonly error?: MusterError;
};

export interface ConfigSourceInput<Config> {
  /** For messages: the URL of the file. */
  readonly location: string;
  /** Where the file lies, and its key there. */
  readonly from: ObjectStore;
  readonly key: string;
  /** Where the last good text is kept for functions that start while the file is broken. */
  readonly store: ObjectStore;
  readonly lastGoodKey: string;
  /** Throws for a text that is wrong. */
  readonly read: (text: string, origin: string) => Config;
  readonly log: Logger;
  /** Milliseconds between two looks at a changed file. Default: a second. */
  readonly wait?: number;
}

/** What a look at the file found. */
interface Look<Config> {
  readonly etag: string;
  /** The text, and what it says; or what is wrong with it. */
  readonly found: { readonly text: string; readonly config: Config } | { readonly error: MusterError };
}

/** A configuration that was good, and the text that it was read from. */
interface Kept<Config> {
  readonly text: string;
  readonly config: InForce<Config>;
}

/** Milliseconds between two looks within one invocation. */
const settled = 1000;

/**
 * Follows a configuration across the invocations of one process: asked for with its etag each time, read when it
 * changed. A change takes effect when two looks have found it, for which is waited a second; the first configuration
 * that the store ever saw does at once. Where it can't be had, or is wrong, the last good one stays in force and says
 * why: the one in memory, or after a cold start the copy in the store. Throws when there is neither.
 */
export function followConfig<Config extends FunctionConfig>(
  input: ConfigSourceInput<Config>,
): (signal: AbortSignal) => Promise<InForce<Config>> {
  let inForce: InForce<Config> | undefined;
  /** The last good one: never an empty one, which is more likely a mistake than something to fall back on. */
  let good: Kept<Config> | undefined;
  let last: Look<Config> | undefined;

  /** The last good one, if need be that of the store. */
  const recall = async (signal: AbortSignal) => {
    good ??= await recallLastGood(input, signal);
    return good;
  };

  const takeEffect = async ({ etag, found }: Look<Config>, isSettled: boolean, signal: AbortSignal) => {
    if ('error' in found) throw found.error;
    const { text, config } = found;
    const isKnown = good?.text === text;
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
      // The second look at what took effect at the first.
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

/** Reads the file; of one that is as it was at the last look what that found. */
async function look<Config>(
  { location, from, key, read }: ConfigSourceInput<Config>,
  last: Look<Config> | undefined,
  signal: AbortSignal,
): Promise<Look<Config>> {
  const options = { maxBytes: maxConfigBytes, signal, ...(last && { ifNoneMatch: last.etag }) };
  const object = await from.get(key, options);
  if (object === undefined) throw new MusterError('not-found', `${location}: there is no such object`);
  if (object === 'unchanged') {
    if (last !== undefined) return last;
    throw new MusterError('internal', `${location}: unchanged, but never read`);
  }
  try {
    const text = decode(object.body, location);
    return { etag: object.etag, found: { text, config: read(text, location) } };
  } catch (cause) {
    return { etag: object.etag, found: { error: toMusterError(cause) } };
  }
}

/** Keeps the text for functions that start while the file is broken. */
async function keepLastGood(
  { store, lastGoodKey, log }: ConfigSourceInput<FunctionConfig>,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const body = new TextEncoder().encode(text);
    const kept = await store.get(lastGoodKey, { maxBytes: maxConfigBytes, signal });
    if (kept !== undefined && kept !== 'unchanged' && Buffer.compare(kept.body, body) === 0) return;
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
    const kept = await store.get(lastGoodKey, { maxBytes: maxConfigBytes, signal });
    if (kept === undefined || kept === 'unchanged') return undefined;
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
