import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { type AwsError, awsRequestHandler, readAwsError } from '../../base/aws.ts';
import { once } from '../../base/concurrency.ts';
import { cutOff } from '../../base/deadlines.ts';
import { type ErrorCode, type ErrorKind, isMusterError, MusterError } from '../../base/errors.ts';
import { checkSignal } from '../errors.ts';

/** What a call is given: the SDK, a client, and the options to send with (they carry the caller's signal). */
export interface S3Tools extends LoadedS3 {
  readonly sending: { readonly abortSignal?: AbortSignal };
}

/** One bucket and prefix, and how calls on it are made. */
export interface S3Session {
  /** For messages: `s3://bucket/prefix`. */
  readonly url: string;
  readonly bucket: string;
  /** The beginning of each key: empty, or the prefix with a `/`. */
  readonly base: string;
  /** URL of the store's endpoint; empty if the SDK decides. */
  readonly endpoint: string;
  /** What was found out of the store's etags. */
  readonly etags: KnownEtags;
  /** Milliseconds without a byte after which an answer counts as stuck. */
  readonly idle: number;
  /** Makes a call, and repeats it if that is safe and useful. Every error is a MusterError. */
  call<T>(
    action: S3Action,
    key: string,
    signal: AbortSignal | undefined,
    run: (tools: S3Tools) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

/** Makes a session. The first call loads the SDK. Calls throw like `s3Failure`. */
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
 * How an etag stands in `If-Match`. HTTP wants it quoted, as it came; Ceph's RADOS gateway (16.2, and hosted stores
 * built on it) compares with the bare one, and refuses every quoted one.
 */
export const etagForms = ['quoted', 'bare'] as const;
/** A form of an etag. */
export type EtagForm = (typeof etagForms)[number];

/** What is known of a store: the form that it takes. */
export interface KnownEtags {
  form: EtagForm;
}

/** An S3 action by its name in an IAM policy. */
type S3Action = 's3:GetObject' | 's3:PutObject' | 's3:ListBucket' | 's3:DeleteObject';

/** The call that failed. */
export interface S3Call {
  /** The store's. */
  readonly url: string;
  readonly bucket: string;
  readonly action: S3Action;
  /** What it was about: a key, or the prefix of a listing. */
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * A failed call of the SDK as a MusterError, of the kind that belongs to its code or status. The message has only the
 * code, status and request ID of the error: the server wrote the rest, and may send back what the request had in it.
 */
export function s3Failure(error: unknown, call: S3Call): MusterError {
  if (error instanceof MusterError) return error;
  const what = `${call.action} of ${call.key === '' ? 'all keys' : call.key}`;
  if (call.signal?.aborted) return cutOff(call.url, what, call.signal);
  const answer = readAwsError(error);
  const [kind, says, own] = judge(answer, call);
  const { code, status, requestId } = answer;
  const facts = [status, code, requestId && `request ${requestId}`].filter((fact) => fact !== undefined);
  const message = `${call.url}: ${what} ${says}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
  return new MusterError(kind, message, {
    code: own,
    status,
    cause: status === undefined ? error : undefined,
  });
}

/** The HTTP status behind an error of the SDK, where there was an answer. */
export function statusOf(error: unknown): number | undefined {
  return readAwsError(error).status;
}

type Verdict = readonly [kind: ErrorKind, says: string, code?: ErrorCode];

function judge({ code, status, bucketRegion }: AwsError, { action, bucket }: S3Call): Verdict {
  const known = code === undefined ? undefined : verdicts.get(code);
  if (known) return known;
  if (code === 'NoSuchBucket')
    return ['not-found', `failed: there is no bucket ${bucket}; create it or correct the name`, 'no-bucket'];
  if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed') {
    return [
      'config',
      `failed: bucket ${bucket} is in ${bucketRegion ?? 'another region'}; set the store's region to it`,
      'wrong-region',
    ];
  }
  if (status === 401 || status === 403)
    return ['denied', `was refused: allow ${action} there${hints[action] ?? ''}`];
  if (status === 429 || status === 503) return slowDown;
  if (status !== undefined) return ['storage', 'failed'];
  if (code !== undefined && /CERT|TLS|SSL|UNABLE_TO_/.test(code)) {
    return ['tls', "failed: the endpoint's certificate could not be verified"];
  }
  if (code === 'TimeoutError' || code === 'ETIMEDOUT')
    return ['timeout', 'got no answer in time; check the endpoint'];
  if (code !== undefined && /^E[A-Z_]+$/.test(code)) {
    return ['unreachable', 'got no answer; check the endpoint and the network'];
  }
  return ['storage', 'failed'];
}

const hints: Partial<Record<S3Action, string>> = {
  's3:GetObject':
    ', and s3:ListBucket on the bucket: without that one S3 refuses a missing key instead of saying so',
};

const slowDown: Verdict = [
  'throttled',
  'was throttled, also when tried again; fewer calls at once would help',
];
const badCredentials: Verdict = [
  'denied',
  'failed: the store does not accept the credentials; check the key and its secret',
  'bad-credentials',
];
const expired: Verdict = [
  'denied',
  'failed: the credentials have expired; renew them',
  'expired-credentials',
];
const noCredentials: Verdict = [
  'denied',
  'failed: no AWS credentials were found; give a role, a profile or AWS_ACCESS_KEY_ID',
  'no-credentials',
];
const otherClock: Verdict = [
  'denied',
  "failed: this machine's clock and the store's are too far apart; set the clock",
  'clock-skew',
];
const badEndpoint: Verdict = ['config', 'failed: the endpoint is not a URL'];

/** Source: Amazon S3 API reference, error responses; the last rows are the SDK's own. */
const verdicts: ReadonlyMap<string, Verdict> = new Map([
  ['InvalidAccessKeyId', badCredentials],
  ['SignatureDoesNotMatch', badCredentials],
  ['InvalidToken', badCredentials],
  ['ExpiredToken', expired],
  ['TokenRefreshRequired', expired],
  ['RequestTimeTooSkewed', otherClock],
  ['RequestExpired', otherClock],
  ['SlowDown', slowDown],
  ['RequestLimitExceeded', slowDown],
  ['ConditionalRequestConflict', ['conflict', 'lost to another writer each time it was tried']],
  ['OperationAborted', ['throttled', 'met another write each time it was tried; try it later']],
  ['EntityTooLarge', ['too-large', 'failed: the object is larger than the store takes']],
  ['KeyTooLongError', ['config', 'failed: the key is too long; shorten the prefix or the name']],
  ['InvalidBucketName', ['config', 'failed: this is no name of a bucket']],
  ['MissingRegion', ['config', "failed: no region; set the store's region or AWS_REGION"]],
  ['CredentialsProviderError', noCredentials],
  ['TokenProviderError', expired],
  ['ERR_INVALID_URL', badEndpoint],
]);
