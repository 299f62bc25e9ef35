import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { MusterError } from '../errors.ts';
import { DigestMismatch } from './failure.ts';
import { type BodyLimits, collectBody } from './s3-body.ts';
import { codeOf, statusOf } from './s3-failure.ts';
import type { S3Session } from './s3-session.ts';
import { defaultMaxBytes, type ReadOptions, type StoredObject } from './store.ts';

/** Names in an object's metadata: the id of the write that made it, and its content's SHA-256. */
export const metadataNames = { write: 'muster-write', digest: 'sha256' } as const;

/** The object, checked against the digest that it was written with. */
export function readObject(
  session: S3Session,
  key: string,
  options: ReadOptions,
): Promise<StoredObject | 'unchanged' | undefined> {
  return getObject(session, key, options, async ({ stream, limits, etag, expected }) => {
    const body = await collectBody(stream, limits);
    if (expected !== undefined && expected !== digest(body)) throw new DigestMismatch(session.url, key);
    return { body, etag };
  });
}

/** An object whose body is still to come. */
export interface ComingObject {
  readonly stream: Readable;
  readonly limits: BodyLimits;
  readonly etag: string;
  /** The digest that it was written with, where it says. */
  readonly expected: string | undefined;
}

/** Asks for the object and hands it on; what `take` throws counts as the call's failure. */
export function getObject<T>(
  { url, bucket, base, idle, call }: S3Session,
  key: string,
  { ifNoneMatch, maxBytes = defaultMaxBytes, signal }: ReadOptions,
  take: (coming: ComingObject) => T | Promise<T>,
): Promise<T | 'unchanged' | undefined> {
  return call('s3:GetObject', key, signal, async ({ sdk, client, sending }) => {
    const command = new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: `${base}${key}`,
      ...(ifNoneMatch !== undefined && { IfNoneMatch: ifNoneMatch }),
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

/** What is stored under the key, without its body. HEAD has no action of its own: it needs s3:GetObject. */
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

/** The etag of an answer, which every S3 gives. */
export function requireEtag(url: string, key: string, etag: string | undefined): string {
  if (etag) return etag;
  throw new MusterError('storage', `${url}: the answer for ${key} has no ETag: is the endpoint an S3?`);
}

/** Whether the answer says that there is no such object, while there is such a bucket. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && codeOf(error) !== 'NoSuchBucket';
}
