import { type AwsError, readAwsError } from '../../base/aws.ts';
import { cutOff } from '../../base/deadlines.ts';
import { type ErrorCode, type ErrorKind, MusterError } from '../../base/errors.ts';

/** An S3 action by its name in an IAM policy. */
export type S3Action = 's3:GetObject' | 's3:PutObject' | 's3:ListBucket' | 's3:DeleteObject';

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
 * A failed call of the SDK as a MusterError. Only the error's code, status and request id enter the message: the
 * server wrote the rest, and may send back what the request held.
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
