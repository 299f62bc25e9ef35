import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { isMusterError } from '../../base/errors.ts';
import { tryParseJson } from '../../base/json.ts';
import { checkSignal, notConditional } from '../errors.ts';
import { checkKey, checkPrefix, type ObjectStore, type PutCondition, readMethods } from '../store.ts';
import type { S3Location } from '../url.ts';
import { listObjects, lookUp, openObject, readObject } from './read.ts';
import { createSession, type EtagForm, etagForms, type S3ClientOptions, type S3Session } from './session.ts';
import { deleteObject, measured, sendWrite, writeObject } from './write.ts';

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

/** The same for a location that a URL or a configuration names. No request is sent yet. */
export function openBucket(location: S3Location): ObjectStore {
  const { bucket, prefix, endpoint, region, force_path_style: forcePathStyle } = location;
  return createS3Store({ bucket, prefix, endpoint, region, forcePathStyle });
}

/** The object that remembers that a store was tried, and when. */
const markerKey = 'muster-conditional-writes';

/** Milliseconds after which a store is tried again: it may have been replaced or reconfigured. */
const trustedFor = 7 * 86_400_000;

/**
 * Throws (kind `storage`) when the store lets more than one of several writes through that exclude each other, or
 * refuses the etag that an object has. Also learns in which form the store expects etags. One request while the
 * marker is fresh; about twenty, once a week, when it is not.
 */
async function verifyConditions(session: S3Session, signal: AbortSignal | undefined): Promise<void> {
  const known = await readMarker(session, signal);
  if (known !== undefined) {
    session.etags.form = known.etags;
    return;
  }
  const key = `${markerKey}-${randomUUID()}`;
  try {
    await race(session, key, signal);
  } finally {
    // A crash, or a role that may not remove it, leaves a few bytes behind.
    await deleteObject(session, key, { signal }).catch(() => undefined);
  }
  await writeMarker(session, signal);
}

/** Writers at once: a store that looks first and writes later lets several of them through. */
const racers = 8;

async function race(session: S3Session, key: string, signal: AbortSignal | undefined): Promise<void> {
  const created = await winner(session, key, 'create', signal);
  if (created === undefined)
    throw notConditional(session.url, 'lets nobody create an object (If-None-Match)', session.endpoint);
  for (const form of formsToTry(session)) {
    session.etags.form = form;
    if ((await winner(session, key, created, signal)) !== undefined) return;
  }
  session.etags.form = etagForms[0];
  throw notConditional(session.url, 'refuses the very etag that an object has (If-Match)', session.endpoint);
}

function formsToTry({ etags }: S3Session): readonly EtagForm[] {
  return [etags.form, ...etagForms.filter((form) => form !== etags.form)];
}

/**
 * Of eight writes at once the one that was let through; undefined when all were refused. Throws when there are more.
 */
async function winner(
  session: S3Session,
  key: string,
  condition: Exclude<PutCondition, 'any'>,
  signal: AbortSignal | undefined,
): Promise<{ readonly etag: string } | undefined> {
  const writes: readonly string[] = Array.from({ length: racers }, () => randomUUID());
  const options = { condition, contentType: 'text/plain', signal };
  const outcomes = await Promise.all(
    writes.map(async (write) => {
      try {
        // Each its own bytes: an etag may be made of nothing else, and must change with the first of them.
        return await sendWrite(session, { key, body: measured(encoder.encode(write)), write }, options);
      } catch (error) {
        if (isMusterError(error, 'conflict')) return undefined;
        throw error;
      }
    }),
  );
  const won = outcomes.filter((outcome) => outcome !== undefined);
  const header = condition === 'create' ? 'If-None-Match' : 'If-Match';
  if (won.length > 1)
    throw notConditional(
      session.url,
      `does not honour conditional writes (${header}): of ${racers} at once that exclude each other, ${won.length} were let through`,
      session.endpoint,
    );
  if (won[0] !== undefined) return won[0];
  // The answer to the one that was let through may have been lost.
  const found = await lookUp(session, key, signal);
  return found?.write !== undefined && writes.includes(found.write) ? found : undefined;
}

const encoder = new TextEncoder();

const marker = z.object({
  schema: z.literal(1),
  /** When it was tried, ISO 8601. */
  tried: z.iso.datetime(),
  /** Where it was tried: a marker that was copied along with a bucket says nothing of the new one. */
  store: z.string(),
  endpoint: z.string(),
  etags: z.enum(etagForms),
});

/** What an earlier start found out; undefined when there is none, or it is old, of another store, or damaged. */
async function readMarker(session: S3Session, signal: AbortSignal | undefined) {
  const found = await readObject(session, markerKey, undefined, { maxBytes: 10_000, signal }).catch(
    (error: unknown) => {
      if (isMusterError(error, 'too-large') || isMusterError(error, 'storage')) return undefined;
      throw error;
    },
  );
  if (found === undefined || found === 'unchanged') return undefined;
  const { data } = marker.safeParse(tryParseJson(found.body));
  if (data === undefined || data.store !== session.url || data.endpoint !== session.endpoint)
    return undefined;
  const age = Date.now() - Date.parse(data.tried);
  return age >= 0 && age < trustedFor ? data : undefined;
}

async function writeMarker(session: S3Session, signal: AbortSignal | undefined): Promise<void> {
  const said: z.input<typeof marker> = {
    schema: 1,
    tried: new Date().toISOString(),
    store: session.url,
    endpoint: session.endpoint,
    etags: session.etags.form,
  };
  const body = measured(encoder.encode(`${JSON.stringify(said)}\n`));
  const options = { condition: 'any', contentType: 'application/json', signal } as const;
  await sendWrite(session, { key: markerKey, body, write: randomUUID() }, options);
}
