/**
 * What went wrong, as far as a program has to know: the kind decides retry, exit code and alarm.
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

/** What an error carries beside its kind and message; each field as in MusterError. */
export interface MusterErrorOptions {
  readonly cause?: unknown;
  /** Kebab-case. */
  readonly code?: string | undefined;
  readonly status?: number | undefined;
  readonly detail?: string | undefined;
}

/** An error with a kind and one line for a person: what failed, where, and what to do. Never holds a secret. */
export class MusterError extends Error {
  override readonly name = 'MusterError';
  readonly kind: ErrorKind;
  /** A short stable name beneath the kind, as `digest-mismatch`, for programs and tests that need to know more. */
  readonly code: string | undefined;
  /** HTTP status of the answer behind the error, where there was one. */
  readonly status: number | undefined;
  /**
   * What else is known, in another program's words, which may hold a secret: only for the log at level debug. Never enters
   * a status, a page or an answer.
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

/** The detail of an error, or of one that it was made from. */
export function detailOf(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof MusterError && one.detail !== undefined) return one.detail;
  return undefined;
}

/** The code of an error of Node or of the operating system, such as `ENOENT`; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Control characters (line breaks of a hostile server among them) become spaces; 600 characters at most. */
export function oneLine(text: string): string {
  const flat = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return flat.length > 600 ? `${flat.slice(0, 600)}…` : flat;
}
