import { MusterError } from '../errors.ts';

/** Takes a body's chunks in; one copy of each, into one array where the length is known before. */
export interface BodyReader {
  /** Bytes so far. */
  readonly length: number;
  /** Returns false once the limit is reached and the body is to be cut there; throws `too-large` where it is not. */
  push(chunk: Uint8Array): boolean;
  /** What came, as one array. */
  take(): Uint8Array;
}

/** What to do with a body over its limit: refuse the answer, or keep the part up to the limit. */
export interface BodyLimit {
  readonly maxBytes: number;
  readonly over: 'refuse' | 'cut';
}

/**
 * A reader for a body of the declared length (bytes; undefined where the answer doesn't say). Throws `too-large`
 * at once when that length is over the limit.
 */
export function readBody(declared: number | undefined, limit: BodyLimit): BodyReader {
  if (declared !== undefined && declared > limit.maxBytes && limit.over === 'refuse')
    throw tooLarge(limit.maxBytes, ` (it has ${declared} bytes)`);
  const whole = declared === undefined || declared > limit.maxBytes ? undefined : new Uint8Array(declared);
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(chunk) {
      const room = limit.maxBytes - length;
      if (chunk.length > room && limit.over === 'refuse') throw tooLarge(limit.maxBytes);
      const taken = chunk.length > room ? chunk.subarray(0, room) : chunk;
      if (whole === undefined) chunks.push(taken);
      else whole.set(taken, length);
      length += taken.length;
      return chunk.length <= room;
    },
    take: () => whole?.subarray(0, length) ?? joined(chunks, length),
  };
}

/** The error for an answer over its limit. */
export function tooLarge(maxBytes: number, more = ''): MusterError {
  return new MusterError('too-large', `the answer is over the limit of ${maxBytes} bytes${more}`);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
