import { checkRemoval, notRemoved } from './failure.ts';
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
  const found = await lookUp(session, key, signal);
  if (found === undefined) return;
  checkRemoval(session.url, key, found.etag, etag);
  await sendDelete(session, key, etag, signal);
}

function sendDelete(
  { url, bucket, base, call }: S3Session,
  key: string,
  etag: string | undefined,
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
      await send(etag === undefined ? {} : { IfMatch: etag });
    } catch (error) {
      if (etag === undefined) throw error;
      if (statusOf(error) === 412) throw notRemoved(url, key);
      if (statusOf(error) === 501) return send({});
      if (!isMissing(error)) throw error;
    }
  });
}
