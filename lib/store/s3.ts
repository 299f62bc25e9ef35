import { checkSignal } from './failure.ts';
import { checkKey, checkPrefix } from './key.ts';
import type { S3ClientOptions } from './s3-client.ts';
import { deleteObject } from './s3-delete.ts';
import { listObjects } from './s3-list.ts';
import { lookUp, readObject } from './s3-read.ts';
import { createSession } from './s3-session.ts';
import { openObject } from './s3-stream.ts';
import { verifyConditions } from './s3-verify.ts';
import { writeObject } from './s3-write.ts';
import type { ObjectStore } from './store.ts';

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
    async get(key, options = {}) {
      checkKey(url, key);
      return readObject(session, key, options);
    },
    async open(key, options = {}) {
      checkKey(url, key);
      return openObject(session, key, options);
    },
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
    close: () => session.close(),
  };
}
