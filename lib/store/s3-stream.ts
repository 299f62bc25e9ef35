import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DigestMismatch } from './failure.ts';
import { type BodyLimits, bodyChunks } from './s3-body.ts';
import { getObject } from './s3-read.ts';
import type { S3Session } from './s3-session.ts';
import type { OpenedObject, ReadOptions } from './store.ts';

/** The object as it comes, checked at its end against the digest that it was written with. */
export function openObject(
  session: S3Session,
  key: string,
  options: ReadOptions,
): Promise<OpenedObject | 'unchanged' | undefined> {
  return getObject(session, key, options, ({ stream, limits, etag, expected }) => ({
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
  if (expected !== undefined && expected !== hash.digest('hex'))
    throw new DigestMismatch(limits.url, limits.key);
  return undefined;
}
