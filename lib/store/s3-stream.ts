import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { MusterError } from '../errors.ts';
import { DigestMismatch } from './failure.ts';
import { type BodyLimits, bodyChunks } from './s3-body.ts';
import { statusOf } from './s3-failure.ts';
import { isMissing, metadataNames, requireEtag } from './s3-read.ts';
import type { S3Session } from './s3-session.ts';
import { defaultMaxBytes, type OpenedObject, type ReadOptions } from './store.ts';

/** The object as it comes, checked at its end against the digest that it was written with. */
export function openObject(
  { url, bucket, base, idle, call }: S3Session,
  key: string,
  { ifNoneMatch, maxBytes = defaultMaxBytes, signal }: ReadOptions,
): Promise<OpenedObject | 'unchanged' | undefined> {
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
      const limits = { url, key, length: ContentLength, maxBytes, idle, signal };
      return {
        etag: requireEtag(url, key, ETag),
        chunks: checkedChunks(Body, limits, Metadata?.[metadataNames.digest]),
      };
    } catch (error) {
      if (statusOf(error) === 304) return 'unchanged';
      if (isMissing(error)) return undefined;
      throw error;
    }
  });
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
  if (expected !== undefined && expected !== hash.digest('hex'))
    throw new DigestMismatch(limits.url, limits.key);
  return undefined;
}
