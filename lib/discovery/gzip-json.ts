import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { MusterError } from '../errors.ts';

/** Bound of an unpacked document: a snapshot of a million targets stays well below, a bomb does not. */
const maxUnpacked = 2 ** 30;

/** Text as gzip. Level 3: on target listings twice as fast as the default for a tenth more bytes. */
export function packText(text: string | Uint8Array): Uint8Array {
  return gzipSync(text, { level: 3, strategy: constants.Z_DEFAULT_STRATEGY });
}

/** The bytes behind `packText`. Throws kind `malformed`. */
export function unpack(body: Uint8Array): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: maxUnpacked });
  } catch (cause) {
    throw new MusterError(
      'malformed',
      `not gzip: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** JSON text as a value, for a schema to check. Throws kind `malformed`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MusterError(
      'malformed',
      `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
