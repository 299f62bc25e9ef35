import { isMusterError } from '../errors.ts';
import { checkRemoval, notRemoved } from './failure.ts';
import { type EtagForm, inForm, inOtherForm } from './s3-etag.ts';
import { statusOf } from './s3-failure.ts';
import { isMissing, lookUp } from './s3-read.ts';
import type { S3Session } from './s3-session.ts';
import type { DeleteOptions } from './store.ts';

/**
 * Removes the object. Some stores pass over `If-Match` of a removal, or do not know it (501), so what is there is looked
 * at right before: with those, a write within these few milliseconds would be removed as well.
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
