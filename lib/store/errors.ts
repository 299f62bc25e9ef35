import { cutOff } from '../base/deadlines.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import type { PutCondition } from './store.ts';

/** The write that its condition forbids. */
export function conflict(url: string, key: string, condition: PutCondition): MusterError {
  return new MusterError(
    'conflict',
    condition === 'create'
      ? `${url}: ${key} exists already, so it was not created`
      : `${url}: ${key} is no longer what it was when it was read, so it was not written`,
  );
}

/** The condition that a write replaces only what was read: `etag` is that of the object, undefined if there was none. */
export function ifUnchanged(etag: string | undefined): PutCondition {
  return etag === undefined ? 'create' : { etag };
}

/** How often a write that lost to others is tried in all. */
const attempts = 5;

/**
 * Runs a step that reads and then writes under a condition; runs it again when another writer was first, five times in
 * all. `attempt` counts from 1. Throws what the step throws, the last `conflict` among it.
 */
export async function retryConflict<T>(step: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step(attempt);
    } catch (error) {
      if (!isMusterError(error, 'conflict') || attempt === attempts) throw error;
    }
  }
}

/** Throws `conflict` when the condition forbids a write over the object with this etag (`undefined`: none there). */
export function checkCondition(
  url: string,
  key: string,
  condition: PutCondition,
  etag: string | undefined,
): void {
  if (condition === 'any') return;
  const allowed = condition === 'create' ? etag === undefined : etag === condition.etag;
  if (!allowed) throw conflict(url, key, condition);
}

/** Stores that are known by the host names of their endpoints, and their lines in docs/stores.md. */
const knownStores: readonly (readonly [host: RegExp, line: string])[] = [
  [/(?:^|\.)r2\.cloudflarestorage\.com$/, 'cloudflare-r2'],
  [/(?:^|\.)backblazeb2\.com$/, 'backblaze-b2'],
  [/(?:^|\.)storage\.googleapis\.com$/, 'google-cloud-storage'],
];

/**
 * The store that does not keep to conditions. `why` follows its name, as in `refuses …`; `endpoint` is the URL that it
 * has, empty for Amazon's. The message names what docs/stores.md says of it.
 */
export function notConditional(url: string, why: string, endpoint = ''): MusterError {
  const host = URL.parse(endpoint)?.hostname ?? '';
  const line = knownStores.find(([pattern]) => pattern.test(host))?.[1];
  return new MusterError(
    'storage',
    `${url} ${why}, so overlapping cycles could overwrite each other; ${line === undefined ? 'docs/stores.md says which stores do, and since which version' : `docs/stores.md#${line} says what to use instead`}`,
    { code: 'not-conditional' },
  );
}

/** Throws `conflict` when an object is there (`etag` is its own) that is not the one to be removed. */
export function checkRemoval(
  url: string,
  key: string,
  etag: string | undefined,
  wanted: string | undefined,
): void {
  if (etag !== undefined && wanted !== undefined && etag !== wanted) throw notRemoved(url, key);
}

/** The removal of one write of an object where another one is. */
export function notRemoved(url: string, key: string): MusterError {
  return new MusterError(
    'conflict',
    `${url}: ${key} is no longer what it was when it was read, so it was not removed`,
  );
}

/**
 * The object whose content is not what its own metadata says: `storage`, code `digest-mismatch`. It was damaged where
 * it lies, or on the way. `proof` says how that is known.
 */
export function digestMismatch(url: string, key: string, proof = 'its sha256 metadata says so'): MusterError {
  const message = `${url}: digest mismatch: ${key} is not what was written (${proof}); restore or delete it`;
  return new MusterError('storage', message, { code: 'digest-mismatch' });
}

/** The error for an object over the reader's limit of `maxBytes` bytes (kind `too-large`). */
export function tooLarge(url: string, key: string, maxBytes: number): MusterError {
  return new MusterError('too-large', `${url}: ${key} is larger than the limit of ${maxBytes} bytes`);
}

/** Throws (kind `timeout`) when the caller's signal has fired. `what` is the call, as in `writing targets/a.json`. */
export function checkSignal(signal: AbortSignal | undefined, url: string, what: string): void {
  if (signal?.aborted) throw cutOff(url, what, signal);
}
