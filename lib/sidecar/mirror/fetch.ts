import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { codeOf, isMusterError, MusterError, toMusterError } from '../../base/errors.ts';
import { unpack } from '../../base/gzip-lines.ts';
import { digestMismatch } from '../../store/errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { type Content, type IntakeResult, openIntake, sha256Of } from './content.ts';
import type { TargetFolder } from './folder.ts';

/** The source and the target of a download, and its limits. */
export interface DownloadInput {
  readonly store: ObjectStore;
  readonly folder: TargetFolder;
  /** Limit of the object in bytes. */
  readonly maxObjectBytes: number;
  readonly signal: AbortSignal;
  /** Called with the number of bytes that came from the store. */
  readonly onBytes: (count: number) => void;
  /** Whether it is written to disk while it arrives, so that only one piece is in memory. */
  readonly large: boolean;
  /** Answers `unchanged` while the object has this etag. */
  readonly ifNoneMatch?: string | undefined;
}

/** The object to read: a listed object, or a part, for which the manifest gives only the size. */
export interface RequestedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag?: string | undefined;
  /** How it is packed; it is unpacked while it arrives. Digest and size are those of the packed bytes. */
  readonly encoding?: 'gzip' | undefined;
}

/** A file_sd object that was checked while it arrived. */
export interface Fetched extends IntakeResult {
  readonly etag: string;
  readonly content: Content;
}

/** Largest list that is held in memory, in bytes; almost all lists are smaller. */
export const longestHeld = 8 * 2 ** 20;

/**
 * Fetches an object; `undefined` if there is none. Throws `malformed` and `too-large` for a bad object, `unreachable`
 * for one that was cut off, `timeout` when the round ends, and what store and disk throw. After an error no temporary
 * file is left.
 */
export async function download(
  input: DownloadInput,
  object: RequestedObject,
): Promise<Fetched | 'unchanged' | undefined> {
  if (input.signal.aborted)
    throw new MusterError('timeout', `${object.key} was not fetched: the round ended first`);
  if (!input.large) return downloadSmall(input, object);
  for (let attempt = 1; ; attempt++) {
    try {
      return await downloadLarge(input, object);
    } catch (error) {
      // The store does not retry an object that it has returned in part.
      if (!isMusterError(error, 'unreachable') || attempt === attempts) throw error;
    }
  }
}

/** Removes a temporary file that is not needed. If this fails, the next start removes it. */
export async function discard({ files }: TargetFolder, content: Content): Promise<void> {
  if ('path' in content) await files.remove(content.path).catch(() => undefined);
}

const attempts = 3;

async function downloadSmall(
  { store, folder, maxObjectBytes, signal, onBytes, ifNoneMatch }: DownloadInput,
  object: RequestedObject,
): Promise<Fetched | 'unchanged' | undefined> {
  const maxBytes = Math.min(maxObjectBytes, longestHeld);
  const answer = await store.getIfChanged(object.key, ifNoneMatch, { maxBytes, signal });
  if (answer === undefined || answer === 'unchanged') return answer;
  const { body, etag } = answer;
  onBytes(body.byteLength);
  checkSize(object, etag, body.byteLength);
  const intake = openIntake(object.key, folder.shard);
  const { encoding } = object;
  const first = intake.push(encoding === 'gzip' ? await unpackSmall(store, object, body, maxBytes) : body);
  const { rest, ...taken } = intake.end();
  const arrived = encoding === 'gzip' ? { sha256: sha256Of(body), size: body.byteLength } : taken.arrived;
  const bytes = rest.length === 0 ? first : Buffer.concat([first, rest]);
  return { etag, ...taken, arrived, content: { bytes } };
}

async function downloadLarge(
  { store, folder, maxObjectBytes, signal, onBytes, ifNoneMatch }: DownloadInput,
  object: RequestedObject,
): Promise<Fetched | 'unchanged' | undefined> {
  const answer = await store.openIfChanged(object.key, ifNoneMatch, { maxBytes: maxObjectBytes, signal });
  if (answer === undefined || answer === 'unchanged') return answer;
  const { chunks, etag } = answer;
  const intake = openIntake(object.key, folder.shard);
  let taken: IntakeResult | undefined;
  const packed = createHash('sha256');
  let size = 0;
  const arriving = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      size += chunk.length;
      if (object.encoding === 'gzip') packed.update(chunk);
      yield chunk;
    }
    checkSize(object, etag, size);
    return undefined;
  };
  const checked = async function* (): AsyncGenerator<Uint8Array, undefined> {
    const plain =
      object.encoding === 'gzip' ? unpackLarge(store, object, arriving(), maxObjectBytes) : arriving();
    for await (const piece of plain) yield intake.push(piece);
    const { rest, ...end } = intake.end();
    taken = object.encoding === 'gzip' ? { ...end, arrived: { sha256: packed.digest('hex'), size } } : end;
    yield rest;
    return undefined;
  };
  const path = await folder.stage(checked());
  if (taken === undefined) throw new MusterError('internal', `${object.key} was not read to its end`);
  return { etag, ...taken, content: { path } };
}

async function unpackSmall(
  store: ObjectStore,
  object: RequestedObject,
  body: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  try {
    return await unpack(body, maxBytes);
  } catch (error) {
    throw isMusterError(error, 'malformed') ? damaged(store, object) : named(object, error);
  }
}

async function* unpackLarge(
  store: ObjectStore,
  object: RequestedObject,
  packed: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, undefined> {
  const gunzip = createGunzip();
  const fed = pipeline(packed, gunzip);
  // A failure destroys the stream, and its reader gets the error.
  fed.catch(() => undefined);
  let size = 0;
  try {
    for await (const piece of gunzip) {
      size += piece.length;
      if (size > maxBytes)
        throw new MusterError('too-large', `${object.key} has more than ${maxBytes} bytes when unpacked`);
      yield piece;
    }
    return undefined;
  } catch (error) {
    if (codeOf(error)?.startsWith('Z_') === true) throw damaged(store, object);
    throw error;
  } finally {
    gunzip.destroy();
  }
}

/** The error of a packed object with a wrong checksum or form. It was damaged at rest or on the way: fetch it again. */
function damaged({ url }: ObjectStore, { key }: RequestedObject): MusterError {
  return digestMismatch(url, key, 'it cannot be unpacked');
}

function named({ key }: RequestedObject, error: unknown): MusterError {
  const { kind, code, message } = toMusterError(error);
  return new MusterError(kind, `${key} has ${message}`, { code, cause: error });
}

function checkSize({ key, etag, size }: RequestedObject, foundEtag: string, found: number): void {
  if (foundEtag !== etag || found === size) return;
  throw new MusterError(
    'unreachable',
    `${key} was cut off: ${found} of ${size} bytes arrived; it is fetched again`,
    { code: 'cut-off' },
  );
}
