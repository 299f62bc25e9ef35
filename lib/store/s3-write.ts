import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { isMusterError } from '../errors.ts';
import { conflict, notConditional } from './failure.ts';
import { type EtagForm, inForm, inOtherForm } from './s3-etag.ts';
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
  const { condition, signal } = options;
  const { form } = session.etags;
  try {
    return await sendWrite(session, key, sized, write, options);
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    // The SDK tries again when an answer is lost; then it is our own first attempt that stands in our way.
    const found = await lookUp(session, key, signal);
    if (found?.write === write) return { etag: found.etag };
    if (typeof condition === 'string' || found?.etag !== condition.etag) throw error;
    // The very object is there, and was refused: the store may want its etag in the other form.
    return inOtherForm(session.etags, form, error, (other) =>
      sendWrite(session, key, sized, write, options, other),
    );
  }
}

/** A body with what its request must say of it before it is sent. */
export interface MeasuredBody {
  /** For the SDK: bytes, which it may send again; a stream, which it can't. */
  readonly open: () => Uint8Array | Readable;
  readonly length: number;
  readonly digest: string;
}

/** Bodies up to this many bytes are held, so that the SDK can send them again. */
const heldBytes = 16 << 20;

/** The body, measured. A streamed one is made twice: once to be measured, and once to be sent. */
export function measured(body: Body): MeasuredBody {
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
export function sendWrite(
  { url, bucket, base, etags, call }: S3Session,
  key: string,
  body: MeasuredBody,
  write: string,
  { condition, contentType, signal }: PutOptions,
  form: EtagForm = etags.form,
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
      ...conditionHeader(condition, form),
    });
    try {
      const { ETag } = await client.send(command, sending);
      return { etag: requireEtag(url, key, ETag) };
    } catch (error) {
      if (condition === 'any') throw error;
      // To If-Match where nothing is S3 says 404.
      const gone = condition !== 'create' && isMissing(error);
      if (gone || statusOf(error) === 412) throw conflict(url, key, condition);
      if (statusOf(error) === 501)
        throw notConditional(
          url,
          `does not know conditional writes (${condition === 'create' ? 'If-None-Match' : 'If-Match'})`,
        );
      throw error;
    }
  });
}

function conditionHeader(
  condition: PutCondition,
  form: EtagForm,
): {
  readonly IfNoneMatch?: string;
  readonly IfMatch?: string;
} {
  if (condition === 'any') return {};
  return condition === 'create' ? { IfNoneMatch: '*' } : { IfMatch: inForm(condition.etag, form) };
}
