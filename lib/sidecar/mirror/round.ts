import { createLimit, type Limit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { isMusterError, type MusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectStore } from '../../store/store.ts';
import { defaultLargestObject } from '../../targets/file-sd.ts';
import type { TargetFolder } from './folder.ts';
import type { Rejection } from './plan.ts';

/** What a round mirrors, and within which bounds. */
export interface MirrorOptions {
  readonly store: ObjectStore;
  readonly folder: TargetFolder;
  /** Limit of one object in bytes. Default 256 MiB. */
  readonly maxObjectBytes?: number | undefined;
  /** By an operator's order: removes every file that the store does not list. Default: only what was retired. */
  readonly removeOrphans?: boolean | undefined;
  /** By an operator's order: an older version of a list takes the place of a newer one. Default: it does not. */
  readonly acceptOlder?: boolean | undefined;
  /** Milliseconds of a clock which never jumps. */
  readonly now?: (() => number) | undefined;
  /** Ends the round between two operations. */
  readonly signal: AbortSignal;
}

/** A file that was replaced or removed. */
interface FileChange {
  readonly path: string;
  readonly change: 'written' | 'removed';
}

/** A file whose object the store does not list, and why it stays. */
export interface Orphan {
  readonly path: string;
  readonly targets: number;
  /** One line for a person. */
  readonly reason: string;
}

/** What a round did. It is a success if it has no error; objects that were rejected do not fail it. */
export interface Round {
  readonly changes: readonly FileChange[];
  readonly rejections: readonly Rejection[];
  readonly errors: readonly MusterError[];
  /** Files that the store does not list, and that stay. */
  readonly orphans: readonly Orphan[];
  /** Bytes read from the store. */
  readonly bytes: number;
}

/** The options of a round with each default in its place. */
type Settled = { readonly [K in keyof MirrorOptions]-?: NonNullable<MirrorOptions[K]> };

/** A round at work. */
export interface RoundState extends Round, Settled {
  readonly changes: FileChange[];
  readonly rejections: Rejection[];
  readonly errors: MusterError[];
  readonly orphans: Orphan[];
  /** Why files could not be brought up to date, by path. */
  readonly failures: Map<string, string>;
  /** Paths of files that are as they should be, or as they were when they last were good. */
  readonly sound: Set<string>;
  /** Bounds the requests to the store. */
  readonly limit: Limit;
  bytes: number;
  /** Whether going on makes no sense: the store does not answer, or the signal fired. */
  stopped: boolean;
}

/** Requests to the store, and files, at a time. */
export const parallel = 4;

/** A round in which nothing has happened yet. */
export function startRound(options: MirrorOptions): RoundState {
  const { maxObjectBytes = defaultLargestObject, removeOrphans = false, acceptOlder = false } = options;
  return {
    ...options,
    maxObjectBytes,
    removeOrphans,
    acceptOlder,
    now: options.now ?? (() => performance.now()),
    changes: [],
    rejections: [],
    errors: [],
    orphans: [],
    failures: new Map(),
    sound: new Set(),
    limit: createLimit(parallel),
    bytes: 0,
    stopped: false,
  };
}

/** Notes that a file could not be brought up to date; the others go on unless the store has gone silent. */
export function failFile(round: RoundState, path: string, cause: unknown): void {
  const error = diskError(`bring ${round.folder.at(path)} up to date, its last good content stays`, cause);
  round.errors.push(error);
  round.failures.set(path, error.message);
  if (round.signal.aborted || silence.some((kind) => isMusterError(error, kind))) round.stopped = true;
}

const silence = ['unreachable', 'throttled', 'timeout'] as const;

/** Writes rounds to the log: each change, and each error, rejection and orphan once until it changes or is gone. */
export function createReporter(log: Logger): (round: Round, seconds: number) => void {
  let known: ReadonlySet<string> = new Set();
  let failing = false;
  return (round, seconds) => {
    for (const { path, change } of round.changes) log.info(`target file ${change}`, { path });
    const fresh = round.rejections.filter((rejection) => !known.has(identity(rejection)));
    const orphans = round.orphans.filter((orphan) => !known.has(orphanIdentity(orphan)));
    logSome(fresh, 'objects', ({ key, reason, message }) => log.warn(message, { key, reason }), log);
    logSome(
      orphans,
      'orphans',
      ({ path, targets, reason }) => log.warn(`target file stays: ${reason}`, { path, targets }),
      log,
    );
    const errors = round.errors.filter((error) => !known.has(errorIdentity(error)));
    logSome(
      errors,
      'errors',
      (error) => log.error(error.message, { kind: error.kind, code: error.code }),
      log,
    );
    if (failing && round.errors.length === 0) log.info('the mirror is good again', { seconds });
    failing = round.errors.length > 0;
    known = new Set([
      ...round.rejections.map(identity),
      ...round.orphans.map(orphanIdentity),
      ...round.errors.map(errorIdentity),
    ]);
    log.debug('round ended', { seconds, changes: round.changes.length, bytes: round.bytes });
  };
}

/** A bucket full of rubbish must not fill the log too. */
const mostLines = 20;

function logSome<T>(items: readonly T[], what: string, write: (item: T) => void, log: Logger): void {
  for (const item of items.slice(0, mostLines)) write(item);
  if (items.length > mostLines) log.warn(`${items.length - mostLines} more ${what} like these`);
}

function identity({ key, reason, message }: Rejection): string {
  return JSON.stringify([key, reason, message]);
}

function errorIdentity({ kind, message }: MusterError): string {
  return JSON.stringify([kind, message]);
}

function orphanIdentity({ path, reason }: Orphan): string {
  return JSON.stringify([path, reason]);
}
