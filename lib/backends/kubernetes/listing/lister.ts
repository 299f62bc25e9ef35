import * as z from 'zod';
import { MusterError, toMusterError } from '../../../base/errors.ts';
import { tryParseJson } from '../../../base/json.ts';
import type { BodySpace } from '../../../http/exchange.ts';
import { shownUrl } from '../../../http/url-text.ts';
import type { Cursor, Progress } from '../../../targets/discover.ts';
import type { Connection } from '../connection/connection.ts';
import type { Kind, ListPage, ObjectMeta } from '../kinds/kind.ts';
import {
  fetchPage,
  type ListQuery,
  listKey,
  maxListStarts,
  type PageResult,
  type PageSource,
  pageUrl,
  refusalError,
} from './page.ts';

/** A part of a list. */
export interface Part<T> {
  /** To be read once, before the next part: each object may be decoded only when it is asked for. */
  readonly items: Iterable<T>;
  /** The list starts here. Earlier parts are void: the server has lost the state that they show. */
  readonly first: boolean;
}

/** How a lister requests lists, and what it reports. */
export interface ListerOptions {
  /** Most objects on a page. */
  readonly pageSize: number;
  /** Whether responses may be gzipped. */
  readonly compression: boolean;
  /** The cursor of the last lister. */
  readonly cursor?: Cursor | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Reports a problem that does not fail a list, in one line. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Read from the API server's cache: the list may be older, and the server's database is spared. */
  readonly fromCache?: boolean | undefined;
  /** Gives the lists that other listings need too. Absent: no list is shared. */
  readonly share?: ShareList | undefined;
}

/** What the reader of a list wants of it, and learns of it. */
export interface ListReader {
  /** The list must not be older than this version; empty for the newest list. */
  readonly oldest: string;
  readonly report: ReportList;
  readonly warn: (message: string) => void;
  /** Called when the list is complete, with its version. */
  readonly onVersion: (version: string) => void;
}

/** A list that several listings read at the same time. */
interface SharedParts<T extends ObjectMeta = ObjectMeta> {
  /** The kind that the objects are read as. It has the fields that all readers need. */
  readonly kind: Kind<ObjectMeta>;
  readonly parts: AsyncGenerator<Part<T>, void>;
}

/** Returns the list that other listings read too; undefined for a list that is not shared. */
export type ShareList = (
  query: ListQuery<ObjectMeta>,
  reader: ListReader,
  signal: AbortSignal,
) => SharedParts | undefined;

/** Lists the objects of an API server. */
export interface Lister {
  /**
   * Yields the list page by page, and requests the next page while the caller works on this one. A list that ends is
   * complete and shows one state of the cluster. Throws what `fetchPage` throws, and `expired` when the server lost the
   * state four times.
   */
  readonly parts: <T extends ObjectMeta>(query: ListQuery<T>, signal: AbortSignal) => AsyncGenerator<Part<T>>;
  /** The versions of the lists that were read, for the next lister. */
  readonly cursor: () => Cursor;
}

/**
 * Opens a lister for the connected API server. It sends nothing until a list is read. Its methods throw as `Lister`
 * says.
 */
export function openLister(connection: Connection, options: ListerOptions): Lister {
  const { cursor, onProgress, warn = () => undefined } = options;
  const source = listSource(connection, options);
  const versions = openVersions(connection.server, cursor);
  const trackList = openProgress(onProgress);
  return {
    cursor: versions.cursor,
    async *parts<T extends ObjectMeta>(query: ListQuery<T>, signal: AbortSignal) {
      const key = listKey(query);
      const reader: ListReader = {
        oldest: versions.last(key) || (options.fromCache === true ? '0' : ''),
        report: trackList(),
        warn,
        onVersion: (version) => versions.read(key, version),
      };
      const shared = options.share?.(query, reader, signal);
      if (shared === undefined) return yield* listParts({ ...source, query, reader, signal });
      if (!isOf(shared, query.kind)) {
        const { resource } = query.kind;
        throw new MusterError('internal', `the shared list of ${resource} lacks fields that are needed`);
      }
      return yield* shared.parts;
    },
  };
}

function isOf<T extends ObjectMeta>(shared: SharedParts, kind: Kind<T>): shared is SharedParts<T> {
  return shared.kind === kind || shared.kind === kind.wide;
}

/** How the lists of one connection are requested. */
export interface ListSource {
  readonly source: PageSource;
  /** Most objects on a page. */
  readonly pageSize: number;
  /** Memory for pages that no list uses at present. */
  readonly spaces: BodySpace[];
}

/** Lists of one source learn together that the server does not support protobuf. */
export function listSource(
  connection: Connection,
  { compression, pageSize }: Pick<ListerOptions, 'compression' | 'pageSize'>,
): ListSource {
  return { source: { connection, compression, form: 'protobuf' }, pageSize, spaces: [] };
}

/** One list of a source, and its reader. */
interface ListInput<T extends ObjectMeta> extends ListSource {
  readonly query: ListQuery<T>;
  readonly reader: ListReader;
  readonly signal: AbortSignal;
}

/** Yields the list page by page; see `Lister.parts`. */
export async function* listParts<T extends ObjectMeta>({
  source,
  pageSize,
  spaces: free,
  query,
  reader,
  signal,
}: ListInput<T>): AsyncGenerator<Part<T>, void> {
  const stop = new AbortController();
  const takeSpace = () => free.pop() ?? { bytes: new Uint8Array() };
  const list: List<T> = {
    ...reader,
    source,
    query,
    limit: Math.min(pageSize, query.limit ?? pageSize),
    signal: AbortSignal.any([signal, stop.signal]),
    spaces: [takeSpace(), takeSpace()],
  };
  try {
    for (let starts = 0; starts < maxListStarts; starts++) if (yield* pagesOfOneState(list)) return;
    throw expiredError(list);
  } finally {
    stop.abort(new MusterError('internal', 'the list is no longer read'));
    // Nothing reads into them any more: the abort has ended what was under way.
    free.push(...list.spaces);
  }
}

/** One list, and how it is requested. */
interface List<T extends ObjectMeta> extends ListReader {
  readonly source: PageSource;
  readonly query: ListQuery<T>;
  readonly limit: number;
  readonly signal: AbortSignal;
  oldest: string;
  /** The bodies of its pages are read into this memory in turn: one may come while the one before it is decoded. */
  readonly spaces: readonly [BodySpace, BodySpace];
}

/** Yields all pages. Returns false as soon as the server has lost the state that the pages so far show. */
async function* pagesOfOneState<T extends ObjectMeta>(list: List<T>): AsyncGenerator<Part<T>, boolean> {
  const seen = new Set<string>();
  let version = '';
  let read = 0;
  let next = requestPage(list, '', 1);
  for (let number = 1; ; number++) {
    let page = await next;
    if (page === 'no-such-version') {
      list.oldest = '';
      page = await requestPage(list, '', 1);
    }
    // A request without a version cannot fail for want of it.
    if (page === 'expired' || page === 'no-such-version') return false;
    const first = version === '';
    if (first) version = page.resourceVersion;
    // A page of another state does not belong to this list.
    else if (page.resourceVersion !== version) return false;
    const { count, continueToken: token } = page;
    checkPage(list, page, seen);
    read += count;
    if (token !== '') next = requestPage(list, token, number + 1);
    list.report(read, token === '' ? 0 : page.remaining);
    yield { items: page.items, first };
    const replaced = page.replaced();
    if (replaced !== undefined) list.warn(notUtf8(list, replaced));
    if (token === '') {
      list.onVersion(version);
      return true;
    }
  }
}

function requestPage<T extends ObjectMeta>(
  list: List<T>,
  continueToken: string,
  number: number,
): Promise<PageResult<T>> {
  const { source, query, limit, signal, oldest, spaces } = list;
  const resourceVersion = continueToken === '' ? oldest : '';
  const parameters = { limit, continueToken, resourceVersion };
  const which = number === 1 ? '' : ` (page ${number} of the list of ${query.kind.resource})`;
  const reading = { signal, space: spaces[number % 2 === 0 ? 0 : 1], which };
  const page = fetchPage(source, query, parameters, reading).catch((error) => {
    const { kind, message, status, cause } = toMusterError(error);
    throw new MusterError(kind, message + which, { cause, status });
  });
  // The caller may stop before it awaits this page.
  page.catch(() => undefined);
  return page;
}

/** Throws `malformed` when the list would never end, or when objects would be missing at its end. */
function checkPage<T extends ObjectMeta>(
  list: List<T>,
  { continueToken: token, remaining = 0, resourceVersion }: ListPage<T>,
  seen: Set<string>,
): void {
  if (resourceVersion === '') throw malformed(list, 'has no resourceVersion');
  if (token === '' && remaining > 0)
    throw malformed(list, `breaks off: ${remaining} objects remain, but there is no continue token`);
  if (token !== '' && seen.has(token))
    throw malformed(list, 'repeats a continue token, so it would never end');
  seen.add(token);
}

function notUtf8<T extends ObjectMeta>({ query }: List<T>, name: string): string {
  const where = name === '' ? '' : `, as in ${name}`;
  return `the list of ${query.kind.resource} has strings that are not UTF-8${where}: its bad bytes became U+FFFD`;
}

function malformed<T extends ObjectMeta>(list: List<T>, what: string): MusterError {
  return new MusterError(
    'malformed',
    `GET ${shownUrl(firstUrl(list))}: the list of ${list.query.kind.resource} ${what}`,
  );
}

function expiredError<T extends ObjectMeta>(list: List<T>): MusterError {
  const { query, source } = list;
  const { whenUnknown } = source.connection;
  return refusalError({ ...query, url: firstUrl(list), status: 410, serverMessage: '', whenUnknown });
}

function firstUrl<T extends ObjectMeta>({ source, query, limit }: List<T>): URL {
  return pageUrl(source.connection.server, query, { limit, continueToken: '', resourceVersion: '' });
}

/** Reports the progress of one list: objects read, and objects remaining where the server gives the number. */
type ReportList = (read: number, remaining: number | undefined) => void;

/**
 * Adds up the progress of several lists. There is a total when every started list has one. A server gives the remaining
 * number for lists without selectors only; a list that ended has zero remaining.
 */
function openProgress(report: ((progress: Progress) => void) | undefined): () => ReportList {
  const lists: { read: number; remaining: number | undefined }[] = [];
  return () => {
    const list: (typeof lists)[number] = { read: 0, remaining: undefined };
    lists.push(list);
    return (read, remaining) => {
      Object.assign(list, { read, remaining });
      if (report !== undefined) report(sum(lists));
    };
  };
}

function sum(lists: readonly { readonly read: number; readonly remaining: number | undefined }[]): Progress {
  let read = 0;
  let remaining: number | undefined = 0;
  for (const list of lists) {
    read += list.read;
    if (list.remaining === undefined) remaining = undefined;
    else if (remaining !== undefined) remaining += list.remaining;
  }
  return remaining === undefined ? { read } : { read, total: read + remaining };
}

/**
 * The resource versions of the lists that were read last. With them a list never shows an older state than the one
 * before, whichever API server answers. Versions from another server address are dropped: they may belong to another
 * cluster.
 */
interface Versions {
  /** The version in the last cycle; empty if there is none. */
  readonly last: (key: string) => string;
  /** Notes the version of a list that was read. */
  readonly read: (key: string, resourceVersion: string) => void;
  /** The lists that were read in this cycle, for the next one. */
  readonly cursor: () => Cursor;
}

const stored = z.object({ server: z.string(), lists: z.record(z.string(), z.string()) });

/** Reads the cursor of the last cycle. A cursor that cannot be read counts as none: it only saves the server work. */
function openVersions(server: URL, cursor: Cursor | undefined): Versions {
  const address = `${server.origin}${server.pathname}`;
  const before = readCursor(cursor);
  const last = new Map(before?.server === address ? Object.entries(before.lists) : []);
  const now = new Map<string, string>();
  return {
    last: (key) => last.get(key) ?? '',
    read: (key, resourceVersion) => now.set(key, resourceVersion),
    cursor: () => JSON.stringify({ server: address, lists: Object.fromEntries([...now].sort()) }),
  };
}

function readCursor(cursor: Cursor | undefined): z.output<typeof stored> | undefined {
  if (cursor === undefined) return undefined;
  return stored.safeParse(tryParseJson(cursor)).data;
}
