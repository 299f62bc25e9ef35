/**
 * What went wrong, as far as a program needs to know: the kind decides retry, exit code and alarm.
 *
 * - `config`: the configuration is wrong; nothing was called.
 * - `unreachable`: no answer (DNS, refused, reset, cut in the middle).
 * - `tls`: the peer could not be verified.
 * - `denied`: 401 or 403, or the bucket refuses.
 * - `not-found`: there is no such thing.
 * - `expired`: a continue token or version that the server no longer knows (410).
 * - `throttled`: 429, or a store that says slow down.
 * - `status`: any other answer that is not a success.
 * - `redirect`: an answer that points to another origin, or too many of them.
 * - `malformed`: an answer or a file that cannot be read as what it should be.
 * - `too-large`: an answer or a file over its limit.
 * - `timeout`: a deadline passed.
 * - `conflict`: a conditional write lost.
 * - `storage`: the object store or the disk failed in another way (full, read-only, corrupt).
 * - `newer`: a document of the store that a later Muster wrote; nothing is changed.
 * - `internal`: a fault of Muster's own.
 */
export type ErrorKind =
  | 'config'
  | 'unreachable'
  | 'tls'
  | 'denied'
  | 'not-found'
  | 'expired'
  | 'throttled'
  | 'status'
  | 'redirect'
  | 'malformed'
  | 'too-large'
  | 'timeout'
  | 'conflict'
  | 'storage'
  | 'newer'
  | 'internal';

/**
 * Which error of its kind it is, for programs. A code never changes its meaning. Log lines, JSON and the status have it
 * beside the kind. The words of a message may change at any time.
 *
 * - `bad-credentials` (`denied`): the store does not accept the key or its secret.
 * - `bad-event` (`config`): the event of an invocation is not one that the function knows.
 * - `bad-listing` (`storage`): the store's listing has no end, or is not one; nothing may be concluded from it.
 * - `block-lost` (`storage`): a block that a snapshot names is gone or damaged.
 * - `block-unread` (`storage`): the text of a group was read before its block was fetched.
 * - `clock-skew` (`denied`): this machine's clock and the store's are too far apart.
 * - `cut-off` (`unreachable`): an answer ended before its end.
 * - `digest-mismatch` (`storage`): an object is not what was written.
 * - `disk-full` (`storage`): no space, no inodes, or the quota is used up.
 * - `expired-credentials` (`denied`): AWS credentials that were good once.
 * - `foreign-store` (`config`): the store belongs to another configuration.
 * - `lock-held` (`timeout`): another process held a lock for too long.
 * - `no-bucket` (`not-found`): there is no such bucket.
 * - `no-credentials` (`denied`): no AWS credentials were found.
 * - `no-token` (any kind of a request): the client could not get the OAuth 2 token of a request.
 * - `not-conditional` (`storage`): the store does not honour conditional writes.
 * - `publish-contention` (`conflict`): other writers change a file faster than it can be published.
 * - `read-only` (`storage`): the file system is mounted so.
 * - `unknown-history` (`storage`): neither history nor published list can be read, and the listing is shorter.
 * - `wrong-region` (`config`): the bucket is in another region.
 */
export type ErrorCode =
  | 'bad-credentials'
  | 'bad-event'
  | 'bad-listing'
  | 'block-lost'
  | 'block-unread'
  | 'clock-skew'
  | 'cut-off'
  | 'digest-mismatch'
  | 'disk-full'
  | 'expired-credentials'
  | 'foreign-store'
  | 'lock-held'
  | 'no-bucket'
  | 'no-credentials'
  | 'no-token'
  | 'not-conditional'
  | 'publish-contention'
  | 'read-only'
  | 'unknown-history'
  | 'wrong-region';

/** The fields of an error apart from kind and message, as in MusterError. */
export interface MusterErrorOptions {
  readonly cause?: unknown;
  readonly code?: ErrorCode | undefined;
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
}

/** An error with a kind and one line for a person: what failed, where, and what to do. Never holds a secret. */
export class MusterError extends Error {
  override readonly name = 'MusterError';
  readonly kind: ErrorKind;
  /** Which error of its kind it is, if that has a name. */
  readonly code: ErrorCode | undefined;
  /** HTTP status of the answer behind the error, if there was one. */
  readonly status: number | undefined;
  /**
   * Details in another program's words, which may contain a secret: only for the log at level debug, never for a
   * status, a page or an answer.
   */
  readonly detail: string | undefined;

  constructor(kind: ErrorKind, message: string, options: MusterErrorOptions = {}) {
    super(oneLine(message), options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
    this.status = options.status;
    this.detail = options.detail;
  }
}

/** Whether the error is a MusterError, of the given kind if one is named. */
export function isMusterError(error: unknown, kind?: ErrorKind): error is MusterError {
  return error instanceof MusterError && (kind === undefined || error.kind === kind);
}

/** The error as a MusterError; any other error is a fault of Muster's own, kind `internal`. */
export function toMusterError(error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new MusterError('internal', message, { cause: error });
}

/** The same error with another message. */
export function withMessage(
  { kind, code, status, detail, cause }: MusterError,
  message: string,
): MusterError {
  return new MusterError(kind, message, { code, status, detail, cause });
}

/** The message of an error, after the key of its object. Messages of the store name the key already. */
export function messageWithKey(key: string, error: unknown): string {
  const { message } = toMusterError(error);
  return message.includes(key) ? message : `${key}: ${message}`;
}

/** The fields of an error for logs, JSON and the store's documents. */
export function errorData({ kind, code, message }: MusterError): {
  readonly kind: ErrorKind;
  readonly code?: ErrorCode | undefined;
  readonly message: string;
} {
  return code === undefined ? { kind, message } : { kind, code, message };
}

/** The detail of an error, or of one of its causes. */
export function detailOf(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof MusterError && one.detail !== undefined) return one.detail;
  return undefined;
}

/** The code of an error of Node or of the operating system, such as `ENOENT`; undefined if it has none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line of at most 600 characters. Control characters become spaces, such as line breaks from a hostile server. */
export function oneLine(text: string): string {
  const flat = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return flat.length > 600 ? `${flat.slice(0, 600)}…` : flat;
}
