import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { isMusterError, type MusterError } from '../../base/errors.ts';
import { checkRemoval, conflict, notConditional, notRemoved } from '../errors.ts';
import type { Body, DeleteOptions, PutCondition, PutOptions } from '../store.ts';
import { digest, isMissing, lookUp, metadataNames, requireEtag } from './read.ts';
import { type EtagForm, type KnownEtags, type S3Session, statusOf } from './session.ts';

/** Writes the object under its condition and returns the etag, also when the answer to an earlier attempt was lost. */
export async function writeObject(
  session: S3Session,
  key: string,
  content: Body,
  options: PutOptions,
): Promise<{ readonly etag: string }> {
  const write = randomUUID();
  const body = measured(content);
  const { condition, signal } = options;
  const { form } = session.etags;
  try {
    return await sendWrite(session, { key, body, write }, options);
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    // The SDK tries again when an answer is lost; then it is our own first attempt that stands in our way.
    const found = await lookUp(session, key, signal);
    if (found?.write === write) return { etag: found.etag };
    if (typeof condition === 'string' || found?.etag !== condition.etag) throw error;
    // Exactly this object is there, and was refused: the store may expect its etag in the other form.
    return inOtherForm(session.etags, form, error, (other) =>
      sendWrite(session, { key, body, write, form: other }, options),
    );
  }
}

/** A body with what its request must say of it before it is sent. */
export interface MeasuredBody {
  /** For the SDK: bytes, which it may send again, or a stream, which it cannot. */
  readonly open: () => Uint8Array | Readable;
  /** Bytes. */
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

/** What one write sends. */
export interface Write {
  readonly key: string;
  readonly body: MeasuredBody;
  /** The write's id, kept with the object: it shows later whose write an object is. */
  readonly write: string;
  /** How its `If-Match` stands. Default: as the store is known to want it. */
  readonly form?: EtagForm | undefined;
}

/** Sends one write. Throws `conflict` where its condition does not hold. */
export function sendWrite(
  { url, bucket, base, endpoint, etags, call }: S3Session,
  { key, body, write, form = etags.form }: Write,
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
      ContentType: contentType,
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
          endpoint,
        );
      throw error;
    }
  });
}

function conditionHeader(
  condition: PutCondition,
  form: EtagForm,
): {
  readonly IfNoneMatch?: string | undefined;
  readonly IfMatch?: string;
} {
  if (condition === 'any') return {};
  return condition === 'create' ? { IfNoneMatch: '*' } : { IfMatch: inForm(condition.etag, form) };
}

/**
 * Removes the object. Some stores pass over `If-Match` of a removal, or do not know it (501), so what is there is
 * looked at right before: with those, a write within these few milliseconds would be removed as well.
 */
export async function deleteObject(
  session: S3Session,
  key: string,
  { etag, signal }: DeleteOptions,
): Promise<void> {
  if (etag === undefined) return sendDelete(session, key, undefined, signal);
  const isThere = async () => {
    const found = await lookUp(session, key, signal);
    if (found !== undefined) checkRemoval(session.url, key, found.etag, etag);
    return found !== undefined;
  };
  const { form } = session.etags;
  if (!(await isThere())) return;
  try {
    await sendDelete(session, key, inForm(etag, form), signal);
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    if (!(await isThere())) return;
    const send = (other: EtagForm) => sendDelete(session, key, inForm(etag, other), signal);
    await inOtherForm(session.etags, form, error, send);
  }
}

function sendDelete(
  { url, bucket, base, call }: S3Session,
  key: string,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  return call('s3:DeleteObject', key, signal, async ({ sdk, client, sending }) => {
    const send = async (condition: { readonly IfMatch?: string }) => {
      await client.send(
        new sdk.DeleteObjectCommand({ Bucket: bucket, Key: `${base}${key}`, ...condition }),
        sending,
      );
    };
    try {
      await send(ifMatch === undefined ? {} : { IfMatch: ifMatch });
    } catch (error) {
      if (ifMatch === undefined) throw error;
      if (statusOf(error) === 412) throw notRemoved(url, key);
      if (statusOf(error) === 501) return send({});
      if (!isMissing(error)) throw error;
    }
  });
}

/** The etag as the header is to hold it. */
function inForm(etag: string, form: EtagForm): string {
  return form === 'bare' ? etag.replace(/^"(.*)"$/, '$1') : etag;
}

/**
 * Sends again, in the form that was not tried, what a store refused although its condition held, and remembers the form
 * if that one is taken. Throws the first refusal when this one is refused, too: then somebody else was faster.
 */
async function inOtherForm<T>(
  etags: KnownEtags,
  tried: EtagForm,
  refusal: MusterError,
  send: (form: EtagForm) => Promise<T>,
): Promise<T> {
  const form = tried === 'quoted' ? 'bare' : 'quoted';
  try {
    const result = await send(form);
    etags.form = form;
    return result;
  } catch (error) {
    throw isMusterError(error, 'conflict') ? refusal : error;
  }
}
