import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { abortError, onAbort } from '../base/deadlines.ts';
import { codeOf, MusterError } from '../base/errors.ts';
import { joinPieces } from '../base/files.ts';
import { toFailure } from './errors.ts';

/** What an exchange asks for. */
export interface Call {
  readonly method: string;
  /** Path and query, or the whole URL for a proxy. */
  readonly path: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body?: string | undefined;
  /** Any of them ends the exchange. */
  readonly signals: readonly AbortSignal[];
  /** Longest time, in milliseconds, without any byte. */
  readonly idleTimeoutMs: number;
  /** How much of the body to read, once the status is known. */
  readonly limit: (status: number) => BodyLimit;
  /** Memory that the body is read into. Default: new memory. */
  readonly space?: BodySpace | undefined;
}

/** One answer, read to its end or its limit. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they arrived, with their content encoding. */
  readonly body: Uint8Array;
}

/** Kept-alive connections to one origin. A dispatcher of undici is one, as far as this says. */
export interface Wire {
  /** Sends the request on a free connection, or a new one, and tells the handler what comes. */
  dispatch(request: WireRequest, handler: WireHandler): unknown;
  /** Ends what is under way. */
  destroy(): Promise<void>;
}

/** One request on the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string[] | string>;
  readonly body: string | null;
}

/** Gets the parts of one answer, in order. */
export interface WireHandler {
  /** There is a connection. */
  onRequestStart(controller: WireController): void;
  onResponseStart(controller: WireController, status: number, headers: ReceivedHeaders): void;
  onResponseData(controller: WireController, chunk: Uint8Array): void;
  onResponseEnd(controller: WireController): void;
  /** Ends the request; may come twice. */
  onResponseError(controller: unknown, error: unknown): void;
}

/** Gives a request up, and its connection with it. */
interface WireController {
  abort(reason: Error): void;
}

/**
 * Sends one request and reads its answer. Throws `timeout`, `too-large`, `unreachable`, `tls`, `malformed`; the
 * messages don't name the request. Nothing of the exchange is left when it ends, in any case: a body that
 * isn't read to its end takes its connection with it.
 */
export function exchange(on: Wire, call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method, path, body, signals, idleTimeoutMs } = call;
    let controller: WireController | undefined;
    let answer:
      | { status: number; headers: Record<string, string>; reader: BodyReader; declared: number | undefined }
      | undefined;
    let sent = false;
    let over = false;
    let unlisten = () => {};

    const end = () => {
      over = true;
      clearTimeout(idle);
      unlisten();
    };
    const fail = (error: MusterError) => {
      if (over) return;
      end();
      reject(error);
      controller?.abort(error);
    };
    const succeed = () => {
      if (over || answer === undefined) return;
      end();
      const { status, headers, reader } = answer;
      whenConnectionIsFree(() => resolve({ status, headers, body: reader.take() }));
    };
    const howFar = () => {
      if (answer) return `after ${answer.reader.length}${ofDeclared(answer.declared)} bytes of the answer`;
      return sent ? 'while waiting for the answer' : 'before there was a connection';
    };
    const idle = setTimeout(
      () => fail(new MusterError('timeout', `nothing came for ${idleTimeoutMs} ms, ${howFar()}`)),
      idleTimeoutMs,
    );
    unlisten = onAbort(signals, (signal) => fail(abortError(signal, howFar())));
    if (over) return;

    const handler: WireHandler = {
      onRequestStart(started) {
        controller = started;
        if (over) return started.abort(new Error('given up before it was sent'));
        sent = true;
        idle.refresh();
      },
      onResponseStart(_controller, status, headers) {
        if (over || status < 200) return;
        idle.refresh();
        const declared = lengthOf(headers);
        guarded(() => {
          const reader = readBody(declared, call.limit(status), call.space);
          answer = {
            status,
            headers: firstValues(headers),
            reader,
            declared,
          };
        });
      },
      onResponseData(_controller, chunk) {
        if (over || answer === undefined) return;
        idle.refresh();
        const { reader } = answer;
        guarded(() => {
          if (reader.push(chunk)) return;
          succeed();
          controller?.abort(new Error('the rest is not wanted'));
        });
      },
      onResponseEnd: succeed,
      onResponseError(_controller, error) {
        const failure = toFailure(error);
        if (answer && failure.kind === 'unreachable')
          fail(new MusterError('unreachable', `the answer was cut off ${howFar()}`, { code: 'cut-off' }));
        else fail(failure);
      },
    };
    const guarded = (step: () => void) => {
      try {
        step();
      } catch (error) {
        fail(toFailure(error));
      }
    };
    on.dispatch({ method, path, headers: mutable(call.headers), body: body ?? null }, handler);
  });
}

/**
 * undici frees a connection one turn of the event loop after the end of the answer, in case the server closes it, and
 * Node soon after; a request made before that would open another one, with another TLS handshake.
 */
function whenConnectionIsFree(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}

function ofDeclared(declared: number | undefined): string {
  return declared === undefined ? '' : ` of ${declared}`;
}

type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

function lengthOf(headers: ReceivedHeaders): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function firstValues(headers: ReceivedHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    // A nested content encoding may come as two headers: all of it counts.
    typeof value === 'string' ? value : name === 'content-encoding' ? value?.join(', ') : value?.[0],
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function mutable(headers: Call['headers']): Record<string, string[] | string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name,
      values.length === 1 ? values.join() : [...values],
    ]),
  );
}

/** Collects the chunks of a body. Copies each once, into one array if the length is known before. */
interface BodyReader {
  /** Bytes so far. */
  readonly length: number;
  /** Returns false once the limit is reached, if the body may be cut there; otherwise throws `too-large`. */
  push(chunk: Uint8Array): boolean;
  /** The bytes so far, as one array. */
  take(): Uint8Array;
}

/**
 * Memory for bodies that are read one after another, so that a long listing does not leave one behind for each page.
 * Grows as needed. A body in it is good until the next request with the same space begins.
 */
export interface BodySpace {
  bytes: Uint8Array;
}

/** What to do with a body over its limit: refuse the answer, or keep the part up to the limit. */
interface BodyLimit {
  readonly maxBytes: number;
  readonly over: 'refuse' | 'cut';
}

/**
 * A reader for a body of the declared length (bytes; undefined if the answer does not say). Throws `too-large`
 * at once when that length is over the limit.
 */
function readBody(declared: number | undefined, limit: BodyLimit, space?: BodySpace): BodyReader {
  if (declared !== undefined && declared > limit.maxBytes && limit.over === 'refuse')
    throw tooLarge(limit.maxBytes, ` (it has ${declared} bytes)`);
  if (space !== undefined) return readInto(space, limit, declared);
  const whole = declared === undefined || declared > limit.maxBytes ? undefined : new Uint8Array(declared);
  const chunks: Uint8Array[] = [];
  return readerOf(limit, {
    put(taken, at) {
      if (whole === undefined) chunks.push(taken);
      else whole.set(taken, at);
    },
    take: (length) => whole?.subarray(0, length) ?? joinPieces(chunks, length),
  });
}

function readInto(space: BodySpace, limit: BodyLimit, declared = 0): BodyReader {
  return readerOf(limit, {
    put(taken, at) {
      if (at + taken.length > space.bytes.length) {
        const needed = Math.max(at + taken.length, Math.min(declared, limit.maxBytes));
        // The next bodies are often a little longer than the first one.
        const larger = new Uint8Array(Math.max(needed + (needed >>> 2), 2 * space.bytes.length));
        larger.set(space.bytes.subarray(0, at));
        space.bytes = larger;
      }
      space.bytes.set(taken, at);
    },
    take: (length) => space.bytes.subarray(0, length),
  });
}

/** The memory of a body. */
interface Keep {
  put(taken: Uint8Array, at: number): void;
  take(length: number): Uint8Array;
}

function readerOf(limit: BodyLimit, keep: Keep): BodyReader {
  let length = 0;
  return {
    get length() {
      return length;
    },
    push(chunk) {
      const taken = within(chunk, length, limit);
      keep.put(taken, length);
      length += taken.length;
      return taken.length === chunk.length;
    },
    take: () => keep.take(length),
  };
}

/** The part of the chunk that is within the limit. */
function within(chunk: Uint8Array, length: number, limit: BodyLimit): Uint8Array {
  const room = limit.maxBytes - length;
  if (chunk.length <= room) return chunk;
  if (limit.over === 'refuse') throw tooLarge(limit.maxBytes);
  return chunk.subarray(0, room);
}

/** The error for an answer over its limit. */
function tooLarge(maxBytes: number, more = ''): MusterError {
  return new MusterError('too-large', `the answer is over the limit of ${maxBytes} bytes${more}`);
}

/**
 * The body without its content encoding, which the request did not ask for but the server may have applied. Throws
 * `too-large` once there are more than `maxBytes` bytes, and `malformed` for nested or unknown encodings.
 */
export async function decodeBody(
  body: Uint8Array,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  const encodings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const [encoding, ...nested] = encodings;
  if (encoding === undefined || body.length === 0) return body;
  if (nested.length > 0) throw new MusterError('malformed', 'the answer has nested content encodings');
  const decode = decoderFor(encoding, body);
  if (decode === undefined) throw new MusterError('malformed', 'the answer has an unknown content encoding');
  try {
    return plainView(await decode(body, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes, ' once it is decompressed');
    throw new MusterError('malformed', `the answer's ${encoding} encoding is broken (${codeOf(error)})`);
  }
}

type Decode = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

function decoderFor(encoding: string, body: Uint8Array): Decode | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return promisify(gunzip);
  if (encoding === 'br') return promisify(brotliDecompress);
  // The standard wants zlib's header, but some servers leave it out.
  if (encoding === 'deflate') return hasZlibHeader(body) ? promisify(inflate) : promisify(inflateRaw);
  return undefined;
}

function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 15) === 8 && (first * 256 + second) % 31 === 0;
}

/** The same bytes as a Uint8Array that is not a Buffer, whose methods differ. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
