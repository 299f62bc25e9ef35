import type { Readable } from 'node:stream';
import { MusterError } from '../errors.ts';
import { cutOff, tooLarge } from './failure.ts';
import { codeOf } from './s3-failure.ts';

/** What the body belongs to, and how much and how slow it may be. */
export interface BodyLimits {
  readonly url: string;
  readonly key: string;
  /** What the answer says of its length, if it does. */
  readonly length: number | undefined;
  readonly maxBytes: number;
  /** Milliseconds without a byte after which the body counts as stuck. */
  readonly idle: number;
  readonly signal: AbortSignal | undefined;
}

/** The whole body of an answer. Throws as `bodyChunks` does. */
export async function collectBody(body: Readable, limits: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(body, limits)) {
    chunks.push(chunk);
    size += chunk.length;
  }
  return joinChunks(chunks, size);
}

/**
 * The body of an answer as it comes. The SDK's own promise ends with the headers and its timeouts may end with it, so a
 * body that hangs is ended here (kind `timeout`); one that is cut off is `unreachable`, one over the limit `too-large`.
 */
export async function* bodyChunks(body: Readable, limits: BodyLimits): AsyncGenerator<Uint8Array, undefined> {
  const { url, key, length, maxBytes, idle, signal } = limits;
  const stuck = setTimeout(() => body.destroy(new Stuck()), idle);
  const abort = () => body.destroy();
  signal?.addEventListener('abort', abort);
  let size = 0;
  try {
    if (length !== undefined && length > maxBytes) throw tooLarge(url, key, maxBytes);
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(url, key, maxBytes);
      yield chunk;
      stuck.refresh();
    }
    return undefined;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    if (signal?.aborted) throw cutOff(url, `reading ${key}`, signal);
    if (error instanceof Stuck || codeOf(error) === 'TimeoutError') {
      throw new MusterError(
        'timeout',
        `${url}: the answer for ${key} stopped after ${size} bytes for ${idle} ms`,
      );
    }
    throw new MusterError('unreachable', `${url}: the answer for ${key} was cut off after ${size} bytes`, {
      cause: error,
    });
  } finally {
    clearTimeout(stuck);
    signal?.removeEventListener('abort', abort);
    body.destroy();
  }
}

class Stuck extends Error {}

function joinChunks(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
