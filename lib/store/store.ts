import { MusterError } from '../base/errors.ts';

/** Largest object that `get` reads by default: 1 GiB. */
export const defaultMaxBytes = 2 ** 30;

/** An object as it was read. */
export interface StoredObject {
  readonly body: Uint8Array;
  /** Opaque identity of this write of the object; changes with each write that changes the content. */
  readonly etag: string;
}

/** An object that is read as it comes, for what is too large to be held. */
export interface OpenedObject {
  /** As of StoredObject. */
  readonly etag: string;
  /**
   * To be iterated once. Throws what reading throws, also at its end when the bytes are not those that were written:
   * only a reader that came to the end has the object.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly etag: string;
  /** Size in bytes. */
  readonly size: number;
  /** When it was written, by the store's own clock, in milliseconds of Unix time. */
  readonly modified: number;
}

/**
 * A write's condition: `create` only where no object is yet, `{ etag }` only over that very write, `any` always.
 * A write that the condition forbids throws a MusterError of kind `conflict` and changes nothing.
 */
export type PutCondition = 'create' | 'any' | { readonly etag: string };

/** A body too large to be held: made while it is written, the same bytes each time that `chunks` is called. */
export interface StreamedBody {
  readonly chunks: () => Iterable<Uint8Array>;
}

/** What can be written. */
export type Body = Uint8Array | StreamedBody;

/** How an object is written. */
export interface PutOptions {
  readonly condition: PutCondition;
  /** Media type, for stores that keep one. */
  readonly contentType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How an object is read. */
export interface ReadOptions {
  /** Refuse (kind `too-large`) an object over this many bytes. Default: 1 GiB. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How an object is removed. */
export interface DeleteOptions {
  /** Remove this write of the object only. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How keys are listed. */
export interface ListOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets the names of objects that are not keys and are left out. A driver that has no such objects never calls it. */
  readonly onForeign?: ((name: string) => void) | undefined;
}

/**
 * Where snapshots, journal, targets and status live. Keys are relative, `/`-separated, and made of non-empty segments
 * other than `.` and `..`, without control characters; the first segment does not begin with a dot, which is how the
 * file driver names its own files. A driver refuses other keys (kind `config`), and its listings leave them out.
 *
 * Promises of every driver, proven by one contract suite:
 * - a reader sees a whole write or the one before it, never a part;
 * - `put` is atomic together with its condition, also across processes and machines;
 * - what `put` returned for survives a crash of the machine;
 * - a `get` or `list` that starts after a `put` ended sees it;
 * - a `put` that is tried again after a lost answer does not mistake its own first write for another one's.
 *
 * Disposing of a store ends its connections. Errors are MusterErrors: `conflict`, `denied`, `not-found` (the bucket or
 * folder), `throttled`, `too-large`, `timeout` (the signal), `unreachable`, `storage`.
 */
export interface ObjectStore extends AsyncDisposable {
  /** For messages: `s3://bucket/prefix`, `file:///path`, `memory:`. Holds no credentials. */
  readonly url: string;
  /** The object; `undefined` if there is none. */
  get(key: string, options?: ReadOptions): Promise<StoredObject | undefined>;
  /** As `get`, but `'unchanged'` where the object still has the etag that the caller holds. */
  getIfChanged(
    key: string,
    etag: string | undefined,
    options?: ReadOptions,
  ): Promise<StoredObject | 'unchanged' | undefined>;
  /** As `get`, for an object that is read piece by piece. It is not tried again once its first piece has come. */
  open(key: string, options?: ReadOptions): Promise<OpenedObject | undefined>;
  /** As `open`, but `'unchanged'` where the object still has the etag that the caller holds. */
  openIfChanged(
    key: string,
    etag: string | undefined,
    options?: ReadOptions,
  ): Promise<OpenedObject | 'unchanged' | undefined>;
  /** The object's etag without its body; `undefined` if there is none. */
  head(
    key: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly etag: string } | undefined>;
  /** Writes the object and returns its new etag. */
  put(key: string, body: Body, options: PutOptions): Promise<{ readonly etag: string }>;
  /**
   * All objects whose key starts with the prefix, in the order of their keys (UTF-8 bytes). The prefix is a whole
   * folder: it ends with `/` or is empty.
   */
  list(prefix: string, options?: ListOptions): Promise<readonly ListedObject[]>;
  /**
   * Removes the object; no error where there is none. With an `etag` only that very write of it: another one stays,
   * and a MusterError of kind `conflict` says so.
   */
  delete(key: string, options?: DeleteOptions): Promise<void>;
  /**
   * Throws (kind `storage`) with one clear line when the store does not honour conditional writes. Leaves at most one
   * small marker object.
   */
  verify(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** S3's limit for a key; a store's prefix counts too, so S3 may refuse one a little earlier. */
const maxKeyBytes = 1024;

/** Throws (kind `config`) when the text is no key that a store can hold. `url` is the store's, for the message. */
export function checkKey(url: string, key: string): void {
  if (!isKey(key)) throw new MusterError('config', `${url}: ${JSON.stringify(key)} is not a key: ${rule}`);
}

/** Throws (kind `config`) when the text is neither empty nor a folder's key with a `/` behind it. */
export function checkPrefix(url: string, prefix: string): void {
  if (prefix === '' || (prefix.endsWith('/') && isKey(prefix.slice(0, -1)))) return;
  throw new MusterError(
    'config',
    `${url}: ${JSON.stringify(prefix)} is not a prefix: it is empty or a key and a "/", where a key is ${rule}`,
  );
}

const rule =
  'relative, made of non-empty segments other than "." and "..", with no dot in front, no control characters, well-formed Unicode, at most 1024 bytes';

/** Whether the text is a key in the sense of the store contract. */
export function isKey(key: string): boolean {
  return (
    !key.startsWith('.') &&
    !/\p{Cc}/u.test(key) &&
    key.isWellFormed() &&
    Buffer.byteLength(key) <= maxKeyBytes &&
    key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}

/** Orders keys by their UTF-8 bytes, as S3 does. */
export function compareKeys(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let index = 0; index < shorter; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a !== b) return utf8Rank(a) - utf8Rank(b);
  }
  return left.length - right.length;
}

/** UTF-16 puts surrogates (characters beyond 0xffff) before 0xe000 to 0xffff, UTF-8 behind them. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Reads a key; the etag is that which the caller holds. */
type ReadKey<T> = (
  key: string,
  etag: string | undefined,
  options: ReadOptions,
) => Promise<T | 'unchanged' | undefined>;

/**
 * The four methods to read a store, from two functions: one reads an object as a whole, one piece by piece. The methods
 * throw kind `config` for a wrong key, `storage` for "not modified" without an etag, and what the functions throw.
 */
export function readMethods(
  url: string,
  { read, open }: { readonly read: ReadKey<StoredObject>; readonly open: ReadKey<OpenedObject> },
): Pick<ObjectStore, 'get' | 'getIfChanged' | 'open' | 'openIfChanged'> {
  const always =
    <T extends object>(run: ReadKey<T>) =>
    async (key: string, options: ReadOptions = {}) => {
      checkKey(url, key);
      return notUnchanged(url, key, await run(key, undefined, options));
    };
  const ifChanged =
    <T>(run: ReadKey<T>) =>
    async (key: string, etag: string | undefined, options: ReadOptions = {}) => {
      checkKey(url, key);
      return run(key, etag, options);
    };
  return {
    get: always(read),
    getIfChanged: ifChanged(read),
    open: always(open),
    openIfChanged: ifChanged(open),
  };
}

/** What a read without an etag found. Throws (kind `storage`) for an answer that only a read with an etag may get. */
function notUnchanged<T extends object>(
  url: string,
  key: string,
  found: T | 'unchanged' | undefined,
): T | undefined {
  if (found !== 'unchanged') return found;
  throw new MusterError('storage', `${url}: the answer for ${key} is "not modified", but no etag was sent`);
}
