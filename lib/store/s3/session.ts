import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { awsRequestHandler } from '../../base/aws.ts';
import { once } from '../../base/concurrency.ts';
import { isMusterError } from '../../base/errors.ts';
import { checkSignal } from '../errors.ts';
import { type S3Action, s3Failure, statusOf } from './errors.ts';

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
  /** URL of the store's endpoint; empty where the SDK decides. */
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
        return await retryCall(() => run(tools), signal);
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
async function retryCall<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
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

/** How the S3 client is set up. What is left out comes from where the AWS SDK takes it: environment, profile, role. */
export interface S3ClientOptions {
  /** URL of another S3 than Amazon's. Also taken from `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Bucket in the path instead of the host name; always so where the endpoint is an IP address or localhost. */
  readonly forcePathStyle?: boolean | undefined;
  readonly credentials?: NonNullable<S3ClientConfig['credentials']> | undefined;
  readonly timeouts?: Partial<S3Timeouts>;
}

/** In milliseconds. A call as a whole is bounded by the caller's signal. */
interface S3Timeouts {
  /** For a connection to be there. Default 5 s. */
  readonly connect: number;
  /** For the next byte of an answer. Default 30 s. */
  readonly idle: number;
}

/** The timeouts, with the defaults for those that are left out. */
function s3Timeouts({ timeouts }: S3ClientOptions): S3Timeouts {
  return { connect: 5_000, idle: 30_000, ...timeouts };
}

/** The SDK, and a client made with it. */
export interface LoadedS3 {
  readonly sdk: typeof import('./sdk.ts');
  readonly client: S3Client;
}

/** Loads the SDK, which takes a fifth of a second and is therefore left until it is needed, and makes the client. */
async function loadS3(options: S3ClientOptions): Promise<LoadedS3> {
  const sdk = await import('./sdk.ts');
  const { connect, idle } = s3Timeouts(options);
  const { endpoint, region, credentials } = options;
  const pathStyle = options.forcePathStyle || isLocal(endpoint ?? configuredEndpoint());
  const client = new sdk.S3Client({
    maxAttempts: 4,
    // The SDK's own default writes warnings to the console.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    // Other stores than Amazon's often refuse the SDK's own checksums; a SHA-256 goes along with each object anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: awsRequestHandler({ connectionTimeout: connect, socketTimeout: idle }),
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    ...(pathStyle && { forcePathStyle: true }),
  });
  return { sdk, client };
}

/** Where the environment sends the SDK, which reads it by itself; here only to know it. */
function configuredEndpoint(): string | undefined {
  const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS } = process.env;
  return AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true' ? undefined : AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL;
}

/** `bucket.127.0.0.1` is no host name, and `bucket.localhost` is one only here and there. */
function isLocal(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

/**
 * How an etag stands in `If-Match`. HTTP wants it quoted, as it came; Ceph's RADOS gateway (16.2, and hosted stores built
 * on it) compares with the bare one, and refuses every quoted one.
 */
export const etagForms = ['quoted', 'bare'] as const;
export type EtagForm = (typeof etagForms)[number];

/** What is known of a store: the form that it takes. */
export interface KnownEtags {
  form: EtagForm;
}
