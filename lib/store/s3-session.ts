import { setTimeout as sleep } from 'node:timers/promises';
import { isMusterError } from '../errors.ts';
import { once } from '../once.ts';
import { checkSignal } from './failure.ts';
import { configuredEndpoint, type LoadedS3, loadS3, type S3ClientOptions, s3Timeouts } from './s3-client.ts';
import type { KnownEtags } from './s3-etag.ts';
import { type S3Action, s3Failure, statusOf } from './s3-failure.ts';

/** What a call is given: the SDK, a client, and the options to send with (they carry the caller's signal). */
export interface S3Tools extends LoadedS3 {
  readonly sending: { readonly abortSignal?: AbortSignal };
}

/** One bucket and prefix, and how calls on it are made. */
export interface S3Session {
  /** For messages: `s3://bucket/prefix`. */
  readonly url: string;
  readonly bucket: string;
  /** What stands before each key: empty, or the prefix with a `/`. */
  readonly base: string;
  /** Where the bucket is asked for; empty where the SDK decides. */
  readonly endpoint: string;
  /** What was found out of the store's etags. */
  readonly etags: KnownEtags;
  /** Milliseconds without a byte after which an answer counts as stuck. */
  readonly idle: number;
  /** Makes a call, again where that is safe and of use; whatever it throws comes out as a MusterError. */
  call<T>(
    action: S3Action,
    key: string,
    signal: AbortSignal | undefined,
    run: (tools: S3Tools) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Opens nothing yet: the SDK is loaded with the first call. */
export function createSession(
  bucket: string,
  prefix: string,
  options: S3ClientOptions,
  load: (options: S3ClientOptions) => Promise<LoadedS3> = loadS3,
): S3Session {
  const url = `s3://${bucket}${prefix && `/${prefix}`}`;
  const loaded = once(() => load(options));
  return {
    url,
    bucket,
    base: prefix && `${prefix}/`,
    endpoint: options.endpoint ?? configuredEndpoint() ?? '',
    etags: { form: 'quoted' },
    idle: s3Timeouts(options).idle,
    async call(action, key, signal, run) {
      checkSignal(signal, url, `${action} of ${key}`);
      try {
        const tools = { ...(await loaded()), sending: signal ? { abortSignal: signal } : {} };
        return await insist(() => run(tools), signal);
      } catch (error) {
        throw s3Failure(error, { url, bucket, action, key, signal });
      }
    },
    async close() {
      // What could not be loaded needs no end.
      const last = await loaded.take()?.catch(() => undefined);
      last?.client.destroy();
    },
  };
}

const attempts = 5;

/**
 * Tries again what the SDK does not: a write that met another one in the same moment (409; S3 asks for that), and a
 * body that was cut off after the headers had come.
 */
async function insist<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const worthwhile = statusOf(error) === 409 || isMusterError(error, 'unreachable');
      if (!worthwhile || attempt === attempts) throw error;
    }
    await sleep(Math.random() * 50 * 2 ** attempt, undefined, signal && { signal });
  }
}
