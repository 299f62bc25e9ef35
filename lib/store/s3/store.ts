import { checkSignal } from '../errors.ts';
import { checkKey, checkPrefix, type ObjectStore, readMethods } from '../store.ts';
import { listObjects, lookUp, openObject, readObject } from './read.ts';
import { createSession, type S3ClientOptions } from './session.ts';
import { verifyConditions } from './verify.ts';
import { deleteObject, writeObject } from './write.ts';

/** Where the objects lie, and how to reach them. */
export interface S3StoreOptions extends S3ClientOptions {
  readonly bucket: string;
  /** Put before each key, with a `/` between. Default: none. */
  readonly prefix?: string;
}

/**
 * A store in a bucket of Amazon S3, or of another store which speaks its protocol and honours conditional writes
 * (`verify` finds out). Needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket, each where it is used.
 */
export function createS3Store(options: S3StoreOptions): ObjectStore {
  const session = createSession(options.bucket, options.prefix ?? '', options);
  const { url } = session;
  let verified = false;
  return {
    url,
    ...readMethods(url, {
      read: (key, etag, options) => readObject(session, key, etag, options),
      open: (key, etag, options) => openObject(session, key, etag, options),
    }),
    async head(key, { signal } = {}) {
      checkKey(url, key);
      const found = await lookUp(session, key, signal);
      return found && { etag: found.etag };
    },
    async put(key, body, options) {
      checkKey(url, key);
      return writeObject(session, key, body, options);
    },
    async list(prefix, options = {}) {
      checkPrefix(url, prefix);
      return listObjects(session, prefix, options);
    },
    async delete(key, options = {}) {
      checkKey(url, key);
      return deleteObject(session, key, options);
    },
    async verify({ signal } = {}) {
      checkSignal(signal, url, 'checking the store');
      if (!verified) await verifyConditions(session, signal);
      verified = true;
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
}
