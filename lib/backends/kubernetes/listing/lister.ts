import * as z from 'zod';
import { MusterError, toMusterError } from '../../../base/errors.ts';
import { tryParseJson } from '../../../base/json.ts';
import type { BodySpace } from '../../../http/body.ts';
import { shownUrl } from '../../../http/url-text.ts';
import type { Cursor, Progress } from '../../../targets/discover.ts';
import type { Connection } from '../connection/connection.ts';
import type { ListPage, ObjectMeta } from '../objects.ts';
import { type Asking, fetchPage, type PageAnswer, refusalError } from './fetch-page.ts';
import { type ListQuery, listKey, pageUrl } from './query.ts';

/** A part of a list. */
export interface Part<T> {
  readonly items: readonly T[];
  /** The list begins here. If parts came before, they are void: the server lost the state that they show. */
  readonly first: boolean;
}

export interface ListerOptions {
  readonly pageSize: number;
  readonly compression: boolean;
  /** What `cursor` gave the last time. */
  readonly cursor?: Cursor | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Takes what a person should know of, a line at a time. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Take what the API server has in its cache, which may be older, and spares its database. */
  readonly fromCache?: boolean;
}

/** Lists what an API server has. */
export interface Lister {
  /**
   * The list page by page; the next one is asked for while the caller works on this one. A list that ends is whole and
   * of one state. Throws what a page's request throws, and `expired` when its state was lost four times.
   */
  readonly parts: <T extends ObjectMeta>(query: ListQuery<T>, signal: AbortSignal) => AsyncGenerator<Part<T>>;
  /** Where the lists that were read stand, for the next lister. */
  readonly cursor: () => Cursor;
}

/** How often a list whose state was lost is begun anew. */
const maxRestarts = 3;

/** A lister of the connected API server. */
export function openLister(connection: Connection, options: ListerOptions): Lister {
  const { compression, pageSize, cursor, onProgress, warn = () => undefined } = options;
  const asking: Asking = { connection, compression, form: 'protobuf' };
  const versions = openVersions(connection.server, cursor);
  const trackList = openProgress(onProgress);
  return {
    cursor: versions.cursor,
    async *parts<T extends ObjectMeta>(query: ListQuery<T>, signal: AbortSignal) {
      const stop = new AbortController();
      const list: List<T> = {
        asking,
        query,
        limit: Math.min(pageSize, query.limit ?? pageSize),
        versions,
        report: trackList(),
        signal: AbortSignal.any([signal, stop.signal]),
        warn,
        oldest: versions.last(listKey(query)) || (options.fromCache === true ? '0' : ''),
        space: { bytes: new Uint8Array() },
      };
      try {
        for (let restarts = 0; ; restarts++) {
          if (restarts > maxRestarts) throw expiredError(list);
          if (yield* pagesOfOneState(list)) return;
        }
      } finally {
        stop.abort(new MusterError('internal', 'nobody reads the list any more'));
      }
    },
  };
}

/** One list and how it is asked for. */
interface List<T extends ObjectMeta> {
  readonly asking: Asking;
  readonly query: ListQuery<T>;
  readonly limit: number;
  readonly versions: Versions;
  readonly report: ReportList;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
  /** The state shown must not be older than this version; empty: the newest. */
  oldest: string;
  /** Its pages are read into this, one after another. */
  readonly space: BodySpace;
}

/** All pages, or `false` once the server has lost the state that the pages so far show. */
async function* pagesOfOneState<T extends ObjectMeta>(list: List<T>): AsyncGenerator<Part<T>, boolean> {
  const seen = new Set<string>();
  let version = '';
  let read = 0;
  let next = askFor(list, '', 1);
  for (let number = 1; ; number++) {
    let page = await next;
    if (page === 'no-such-version') {
      list.oldest = '';
      page = await askFor(list, '', 1);
    }
    // Without a version to ask for the server can't be without it.
    if (page === 'expired' || page === 'no-such-version') return false;
    const first = version === '';
    if (first) version = page.resourceVersion;
    // Pages of another state don't belong to this list, whatever the server thinks of it.
    else if (page.resourceVersion !== version) return false;
    const { items, continueToken: token } = page;
    checkPage(list, page, seen);
    if (page.replaced !== undefined) list.warn(notUtf8(list, page.replaced));
    read += items.length;
    if (token !== '') next = askFor(list, token, number + 1);
    list.report(read, token === '' ? 0 : page.remaining);
    yield { items, first };
    if (token === '') {
      list.versions.read(listKey(list.query), version);
      return true;
    }
  }
}

function askFor<T extends ObjectMeta>(
  list: List<T>,
  continueToken: string,
  number: number,
): Promise<PageAnswer<T>> {
  const { asking, query, limit, signal, oldest, space } = list;
  const resourceVersion = continueToken === '' ? oldest : '';
  const answer = fetchPage(asking, query, { limit, continueToken, resourceVersion }, signal, space).catch(
    (error) => {
      const { kind, message, status, cause } = toMusterError(error);
      const place = number === 1 ? '' : ` (page ${number} of the list of ${query.kind.resource})`;
      throw new MusterError(kind, message + place, { cause, status });
    },
  );
  // Whoever stops reading before this page is not to be told of its end.
  answer.catch(() => undefined);
  return answer;
}

/** Throws `malformed` where going on would never end, or where objects would be missing at the end. */
function checkPage<T extends ObjectMeta>(
  list: List<T>,
  { continueToken: token, remaining = 0, resourceVersion }: ListPage<T>,
  seen: Set<string>,
): void {
  if (resourceVersion === '') throw malformed(list, 'has no resourceVersion');
  if (token === '' && remaining > 0)
    throw malformed(list, `breaks off: ${remaining} objects remain, but there is no continue token`);
  if (token !== '' && seen.has(token))
    throw malformed(list, 'goes round in circles: a continue token came twice');
  seen.add(token);
}

function notUtf8<T extends ObjectMeta>({ query }: List<T>, name: string): string {
  const where = name === '' ? '' : `, as in ${name}`;
  return `the list of ${query.kind.resource} has text that is not UTF-8${where}: its bad bytes became U+FFFD`;
}

function malformed<T extends ObjectMeta>(list: List<T>, what: string): MusterError {
  return new MusterError(
    'malformed',
    `GET ${shownUrl(firstUrl(list))}: the list of ${list.query.kind.resource} ${what}`,
  );
}

function expiredError<T extends ObjectMeta>(list: List<T>): MusterError {
  const { query, asking } = list;
  const { whenUnknown } = asking.connection;
  return refusalError({ ...query, url: firstUrl(list), status: 410, said: '', whenUnknown });
}

function firstUrl<T extends ObjectMeta>({ asking, query, limit }: List<T>): URL {
  return pageUrl(asking.connection.server, query, { limit, continueToken: '', resourceVersion: '' });
}

/** How far one list is: objects read, and how many come after them where the server says so. */
type ReportList = (read: number, remaining: number | undefined) => void;

/**
 * Adds up how far several lists are. There is a total once every list that was begun has one: a server tells the rest
 * of a list that is not selected, and a list that ended is its own total.
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
 * The resource versions at which lists were last read, so that a list never shows an older state than the one before,
 * whichever API server answers. Versions of another API server's address are forgotten: they may be of another cluster.
 */
interface Versions {
  /** Of the last cycle; empty where there is none. */
  readonly last: (key: string) => string;
  readonly read: (key: string, resourceVersion: string) => void;
  /** For the next cycle: the lists that were read in this one. */
  readonly cursor: () => Cursor;
}

const stored = z.object({ server: z.string(), lists: z.record(z.string(), z.string()) });

/** The versions of the last cycle's cursor. One that can't be read counts as none: it only saves the server work. */
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
