import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { readAwsError } from '../../base/aws.ts';
import { cutOff } from '../../base/deadlines.ts';
import { MusterError } from '../../base/errors.ts';
import { joinPieces } from '../../base/files.ts';
import { digestMismatch, tooLarge } from '../errors.ts';
import {
  compareKeys,
  defaultMaxBytes,
  isKey,
  type ListedObject,
  type ListOptions,
  type OpenedObject,
  type ReadOptions,
  type StoredObject,
} from '../store.ts';
import { type S3Session, type S3Tools, statusOf } from './session.ts';

/** Names in an object's metadata: the id of the write that made it, and its content's SHA-256. */
export const metadataNames = { write: 'muster-write', digest: 'sha256' } as const;

/**
 * The object, checked against the digest that it was written with. Throws `storage` for a wrong digest or an answer
 * without an etag, `too-large`, `unreachable` if the answer was cut off, `timeout` when the signal fires, and the
 * session's errors.
 */
export function readObject(
  session: S3Session,
  key: string,
  etag: string | undefined,
  options: ReadOptions,
): Promise<StoredObject | 'unchanged' | undefined> {
  return getObject(session, { key, etag, ...options }, async ({ stream, limits, etag, expected }) => {
    const body = await collectBody(stream, limits);
    if (expected !== undefined && expected !== digest(body)) throw digestMismatch(session.url, key);
    return { body, etag };
  });
}

/** An object whose body is still to come. */
interface ComingObject {
  readonly stream: Readable;
  readonly limits: BodyLimits;
  readonly etag: string;
  /** The digest that it was written with, where it says. */
  readonly expected: string | undefined;
}

/** Which object is read; `etag` is the one that the caller holds. */
interface ObjectRead extends ReadOptions {
  readonly key: string;
  readonly etag: string | undefined;
}

/** Asks for the object and hands it on; what `take` throws counts as the call's failure. */
function getObject<T>(
  { url, bucket, base, idle, call }: S3Session,
  { key, etag, maxBytes = defaultMaxBytes, signal }: ObjectRead,
  take: (coming: ComingObject) => T | Promise<T>,
): Promise<T | 'unchanged' | undefined> {
  return call('s3:GetObject', key, signal, async ({ sdk, client, sending }) => {
    const command = new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: `${base}${key}`,
      IfNoneMatch: etag,
    });
    try {
      const { Body, ContentLength, ETag, Metadata } = await client.send(command, sending);
      if (!(Body instanceof Readable))
        throw new MusterError('internal', `${url}: the SDK gave no stream for ${key}`);
      return await take({
        stream: Body,
        limits: { url, key, length: ContentLength, maxBytes, idle, signal },
        etag: requireEtag(url, key, ETag),
        expected: Metadata?.[metadataNames.digest],
      });
    } catch (error) {
      if (statusOf(error) === 304) return 'unchanged';
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/**
 * What is stored under the key, without its body. It needs the permission s3:GetObject, since HEAD has none of its own.
 * Throws `storage` for an answer without an etag, and the session's errors.
 */
export function lookUp(
  { url, bucket, base, call }: S3Session,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly etag: string; readonly write: string | undefined } | undefined> {
  return call('s3:GetObject', key, signal, async ({ sdk, client, sending }) => {
    try {
      const { ETag, Metadata } = await client.send(
        new sdk.HeadObjectCommand({ Bucket: bucket, Key: `${base}${key}` }),
        sending,
      );
      return { etag: requireEtag(url, key, ETag), write: Metadata?.[metadataNames.write] };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
}

/** SHA-256 in hexadecimal. */
export function digest(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** The etag of an answer. Every S3 sends one: throws `storage` if it is missing. */
export function requireEtag(url: string, key: string, etag: string | undefined): string {
  if (etag) return etag;
  throw new MusterError('storage', `${url}: the answer for ${key} has no ETag: is the endpoint an S3?`);
}

/** Whether the answer says that there is no such object, while there is such a bucket. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && readAwsError(error).code !== 'NoSuchBucket';
}

/**
 * All objects below the prefix, page by page, by key. A listing whose end is unknown is an error (kind `storage`):
 * one that only looks whole would make its readers delete what it leaves out. Names that are no keys, as the
 * `folder/` that consoles make, are left out.
 */
export function listObjects(
  session: S3Session,
  prefix: string,
  { signal, onForeign }: ListOptions,
): Promise<readonly ListedObject[]> {
  return session.call('s3:ListBucket', prefix, signal, async (tools) => {
    const listed: ListedObject[] = [];
    const tokens = new Set<string>();
    let token: string | undefined;
    do {
      if (token !== undefined) tokens.add(token);
      const page = await listPage(session, tools, { prefix, token, onForeign });
      listed.push(...page.objects);
      token = page.next;
      if (token !== undefined && tokens.has(token)) {
        throw unusable(session.url, prefix, 'a continuation token comes twice');
      }
    } while (token !== undefined);
    return listed.sort((left, right) => compareKeys(left.key, right.key));
  });
}

interface PageRequest {
  readonly onForeign: ((name: string) => void) | undefined;
  readonly prefix: string;
  readonly token: string | undefined;
}

async function listPage(
  { url, bucket, base }: S3Session,
  { sdk, client, sending }: S3Tools,
  { prefix, token, onForeign }: PageRequest,
): Promise<{ readonly objects: readonly ListedObject[]; readonly next: string | undefined }> {
  const command = new sdk.ListObjectsV2Command({
    Bucket: bucket,
    Prefix: `${base}${prefix}`,
    // XML cannot hold every character that a key can.
    EncodingType: 'url',
    ContinuationToken: token,
  });
  const { Contents, EncodingType, IsTruncated, NextContinuationToken } = await client.send(command, sending);
  // Every S3 says this; an answer that does not came from something else and only looks empty.
  if (IsTruncated === undefined) throw unusable(url, prefix, 'the answer is no S3 listing');
  if (IsTruncated && !NextContinuationToken) {
    throw unusable(url, prefix, 'a page says that there is more, but not where');
  }
  const objects: ListedObject[] = [];
  for (const { Key = '', ETag, Size, LastModified } of Contents ?? []) {
    const name = EncodingType === 'url' ? decode(Key) : Key;
    const key = name.startsWith(base) ? name.slice(base.length) : name;
    if (!name.startsWith(`${base}${prefix}`) || !isKey(key)) {
      if (!isMarker(name, Size)) onForeign?.(key);
      continue;
    }
    if (ETag === undefined || Size === undefined || LastModified === undefined)
      throw unusable(url, prefix, `${key} has no etag, size or time`);
    objects.push({ key, etag: ETag, size: Size, modified: LastModified.getTime() });
  }
  return { objects, next: IsTruncated ? NextContinuationToken : undefined };
}

/** The empty `folder/` that consoles make. */
function isMarker(name: string, size: number | undefined): boolean {
  return name.endsWith('/') && size === 0;
}

/** S3 encodes as forms do: a blank is a plus. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    // Not UTF-8, so not a key.
    return name;
  }
}

function unusable(url: string, prefix: string, why: string): MusterError {
  return new MusterError('storage', `${url}: the listing of ${prefix || 'all keys'} is unusable: ${why}`, {
    code: 'bad-listing',
  });
}

/** What the body belongs to, and how much and how slow it may be. */
interface BodyLimits {
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
async function collectBody(body: Readable, limits: BodyLimits): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyChunks(body, limits)) {
    chunks.push(chunk);
    size += chunk.length;
  }
  return joinPieces(chunks, size);
}

/**
 * The body of an answer as it comes. The SDK's own promise ends with the headers and its timeouts may end with it, so a
 * body that hangs is ended here (kind `timeout`); one that is cut off is `unreachable`, one over the limit `too-large`.
 */
async function* bodyChunks(body: Readable, limits: BodyLimits): AsyncGenerator<Uint8Array, undefined> {
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
    if (error instanceof Stuck || readAwsError(error).code === 'TimeoutError') {
      throw new MusterError(
        'timeout',
        `${url}: the answer for ${key} stopped after ${size} bytes for ${idle} ms`,
      );
    }
    throw new MusterError('unreachable', `${url}: the answer for ${key} was cut off after ${size} bytes`, {
      code: 'cut-off',
      cause: error,
    });
  } finally {
    clearTimeout(stuck);
    signal?.removeEventListener('abort', abort);
    body.destroy();
  }
}

class Stuck extends Error {}

/**
 * The object as it arrives, checked at its end against the digest that it was written with. Throws like `readObject`.
 */
export function openObject(
  session: S3Session,
  key: string,
  etag: string | undefined,
  options: ReadOptions,
): Promise<OpenedObject | 'unchanged' | undefined> {
  return getObject(session, { key, etag, ...options }, ({ stream, limits, etag, expected }) => ({
    etag,
    chunks: checkedChunks(stream, limits, expected),
  }));
}

async function* checkedChunks(
  body: Readable,
  limits: BodyLimits,
  expected: string | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const hash = createHash('sha256');
  for await (const chunk of bodyChunks(body, limits)) {
    hash.update(chunk);
    yield chunk;
  }
  if (expected !== undefined && expected !== hash.digest('hex')) throw digestMismatch(limits.url, limits.key);
  return undefined;
}
