import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { isMusterError, MusterError } from '../errors.ts';
import { conflict } from './failure.ts';
import { statusOf } from './s3-failure.ts';
import { digest, isMissing, lookUp, metadataNames, requireEtag } from './s3-read.ts';
import type { S3Session } from './s3-session.ts';
import type { Body, PutCondition, PutOptions } from './store.ts';

/** Writes the object under its condition and returns the etag, also when the answer to an earlier attempt was lost. */
export async function writeObject(
  session: S3Session,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<{ readonly etag: string }> {
  const write = randomUUID();
  const sized = measured(body);
  try {
    return await sendWrite(session, key, sized, write, options);
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    // The SDK tries again when an answer is lost; then it is our own first attempt that stands in our way.
    const found = await lookUp(session, key, options.signal);
    if (found?.write === write) return { etag: found.etag };
    throw error;
  }
}

/** The object that `verifyConditions` writes to. */
const markerKey = 'muster-conditional-writes';

/**
 * Throws (kind `storage`) when the store answers 200 to a write that it should refuse. At most three requests; two, and
 * nothing written, once the marker is there.
 */
export async function verifyConditions(session: S3Session, signal: AbortSignal | undefined): Promise<void> {
  const refuses = async (condition: PutCondition) => {
    const options = { condition, contentType: 'text/plain', ...(signal && { signal }) };
    try {
      await sendWrite(session, markerKey, measured(markerText), randomUUID(), options);
      return false;
    } catch (error) {
      if (isMusterError(error, 'conflict')) return true;
      throw error;
    }
  };
  const kept = (await refuses('create')) || (await refuses('create'));
  if (!kept) throw ignored(session.url, 'If-None-Match');
  if (!(await refuses({ etag: '"00000000000000000000000000000000"' })))
    throw ignored(session.url, 'If-Match');
}

const markerText = new TextEncoder().encode('Muster tries on this object whether writes are conditional.\n');

function ignored(url: string, header: string): MusterError {
  return new MusterError(
    'storage',
    `${url} ignores conditional writes (${header}), so overlapping cycles could overwrite each other; use S3 or a store which honours them`,
  );
}

/** A body with what its request must say of it before it is sent. */
interface MeasuredBody {
  /** For the SDK: bytes, which it may send again; a stream, which it can't. */
  readonly open: () => Uint8Array | Readable;
  readonly length: number;
  readonly digest: string;
}

/** Bodies up to this many bytes are held, so that the SDK can send them again. */
const heldBytes = 16 << 20;

/** A streamed body is made twice: once to be measured, and once to be sent. */
function measured(body: Body): MeasuredBody {
  if (body instanceof Uint8Array) return { open: () => body, length: body.length, digest: digest(body) };
  const hash = createHash('sha256');
  const held: Uint8Array[] = [];
  let length = 0;
  for (const chunk of body.chunks()) {
    hash.update(chunk);
    length += chunk.length;
    if (length <= heldBytes) held.push(chunk);
    else held.length = 0;
  }
  if (length <= heldBytes) return measured(Buffer.concat(held));
  return {
    open: () => Readable.from(body.chunks(), { objectMode: false }),
    length,
    digest: hash.digest('hex'),
  };
}

/** One write. It carries an id, so that it can be told later whose write an object is. */
function sendWrite(
  { url, bucket, base, call }: S3Session,
  key: string,
  body: MeasuredBody,
  write: string,
  { condition, contentType, signal }: PutOptions,
): Promise<{ readonly etag: string }> {
  return call('s3:PutObject', key, signal, async ({ sdk, client, sending }) => {
    const command = new sdk.PutObjectCommand({
      Bucket: bucket,
      Key: `${base}${key}`,
      Body: body.open(),
      ContentLength: body.length,
      // The store checks it, so that no checksum needs to be sent behind a stream.
      ChecksumSHA256: Buffer.from(body.digest, 'hex').toString('base64'),
      Metadata: { [metadataNames.write]: write, [metadataNames.digest]: body.digest },
      ...(contentType !== undefined && { ContentType: contentType }),
      ...conditionHeader(condition),
    });
    try {
      const { ETag } = await client.send(command, sending);
      return { etag: requireEtag(url, key, ETag) };
    } catch (error) {
      if (condition === 'any') throw error;
      // To If-Match where nothing is S3 says 404.
      const gone = condition !== 'create' && isMissing(error);
      if (gone || statusOf(error) === 412) throw conflict(url, key, condition);
      if (statusOf(error) === 501) throw ignored(url, condition === 'create' ? 'If-None-Match' : 'If-Match');
      throw error;
    }
  });
}

function conditionHeader(condition: PutCondition): {
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
} {
  if (condition === 'any') return {};
  return condition === 'create' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
}
