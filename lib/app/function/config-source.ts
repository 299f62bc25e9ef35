import { maxConfigBytes } from '../../config/yaml-document.ts';
import { MusterError, toMusterError } from '../../errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { FunctionConfig } from './read-config.ts';

/** The configuration that is in force. */
export type InForce<Config> = Config & {
  /** Of the text that it was read from: another text has another. */
  readonly etag: string;
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
}

/**
 * Follows a configuration across the invocations of one process: asked for with its etag each time, read when it
 * changed. Where it can't be had, or is wrong, the last good one stays in force and says why: the one in memory, or
 * after a cold start the copy in the store. Throws when there is neither.
 */
export function followConfig<Config extends FunctionConfig>(
  input: ConfigSourceInput<Config>,
): (signal: AbortSignal) => Promise<InForce<Config>> {
  let good: InForce<Config> | undefined;
  /** The text that was looked at last, and what was wrong with it. */
  let seen: { readonly etag: string; readonly error?: MusterError } | undefined;

  const look = async (signal: AbortSignal): Promise<InForce<Config>> => {
    const { location, from, key, read } = input;
    const options = { maxBytes: maxConfigBytes, signal, ...(seen && { ifNoneMatch: seen.etag }) };
    const found = await from.get(key, options);
    if (found === undefined) throw new MusterError('not-found', `${location}: there is no such object`);
    if (found === 'unchanged') {
      if (seen?.error !== undefined) throw seen.error;
      if (good !== undefined) return good;
      throw new MusterError('internal', `${location}: unchanged, but never read`);
    }
    try {
      const text = decode(found.body, location);
      const config = { ...read(text, location), etag: found.etag };
      good = config;
      seen = { etag: found.etag };
      await keepLastGood(input, text, config, signal);
      return config;
    } catch (cause) {
      const error = toMusterError(cause);
      seen = { etag: found.etag, error };
      throw error;
    }
  };

  return async (signal) => {
    try {
      return await look(signal);
    } catch (cause) {
      const error = toMusterError(cause);
      good ??= await recallLastGood(input, signal);
      if (good === undefined) throw error;
      return { ...good, error };
    }
  };
}

/** An empty configuration is more likely a mistake than something to fall back on. */
async function keepLastGood(
  { store, lastGoodKey, log }: ConfigSourceInput<FunctionConfig>,
  text: string,
  { isEmpty }: FunctionConfig,
  signal: AbortSignal,
): Promise<void> {
  if (isEmpty) return;
  try {
    const body = new TextEncoder().encode(text);
    const kept = await store.get(lastGoodKey, { maxBytes: maxConfigBytes, signal });
    if (kept !== undefined && kept !== 'unchanged' && Buffer.compare(kept.body, body) === 0) return;
    await store.put(lastGoodKey, body, { condition: 'any', contentType: 'application/yaml', signal });
  } catch (error) {
    log.warn(`the configuration could not be kept for later starts: ${toMusterError(error).message}`);
  }
}

async function recallLastGood<Config>(
  { store, lastGoodKey, read, log }: ConfigSourceInput<Config>,
  signal: AbortSignal,
): Promise<InForce<Config> | undefined> {
  const origin = `${store.url}/${lastGoodKey}`;
  try {
    const kept = await store.get(lastGoodKey, { maxBytes: maxConfigBytes, signal });
    if (kept === undefined || kept === 'unchanged') return undefined;
    return { ...read(decode(kept.body, origin), origin), etag: kept.etag };
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
