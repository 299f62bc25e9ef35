import { createLimit, type Limit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { isMusterError, type MusterError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectStore } from '../../store/store.ts';
import { defaultLargestObject } from '../../targets/file-sd.ts';
import type { FileFacts } from './files.ts';
import type { TargetFolder } from './folder.ts';
import type { Rejection } from './plan.ts';

/**
 * The files that Prometheus reads. It reads all files of a job again at each change of one of them, so `job`, where all
 * providers of a job share one file, makes one event of all changes of a round. A job of one provider looks the same.
 */
export const layouts = ['job', 'provider'] as const;
/** One of the layouts. */
export type Layout = (typeof layouts)[number];

/** The input of a round, and its limits. */
export interface MirrorOptions {
  readonly store: ObjectStore;
  readonly folder: TargetFolder;
  /** Limit of one object in bytes. Default 256 MiB. */
  readonly maxObjectBytes?: number | undefined;
  /** What Prometheus reads: one file for each job, or one for each provider. Default: `job`. */
  readonly layout?: Layout | undefined;
  /** An operator's order: remove every file that the store does not list. Default: only retired ones. */
  readonly removeOrphans?: boolean | undefined;
  /** An operator's order: let an older version of a list replace a newer one. Default: never. */
  readonly acceptOlder?: boolean | undefined;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: (() => number) | undefined;
  /** Ends the round between two operations. */
  readonly signal: AbortSignal;
}

/** A file that was replaced or removed. */
interface FileChange {
  readonly path: string;
  readonly change: 'written' | 'removed';
}

/** A file that the store does not list, and why it stays. */
export interface Orphan {
  readonly path: string;
  readonly targets: number;
  /** One line for a person. */
  readonly reason: string;
}

/** The result of a round. It succeeded when it has no error; rejected objects do not fail it. */
export interface Round {
  readonly changes: readonly FileChange[];
  readonly rejections: readonly Rejection[];
  readonly errors: readonly MusterError[];
  /** Files that the store does not list and that stay. */
  readonly orphans: readonly Orphan[];
  /** Bytes read from the store. */
  readonly bytes: number;
}

/** The options of a round with the defaults filled in. */
type Settled = { readonly [K in keyof MirrorOptions]-?: NonNullable<MirrorOptions[K]> };

/** A round in progress. */
export interface RoundState extends Round, Settled {
  readonly changes: FileChange[];
  readonly rejections: Rejection[];
  readonly errors: MusterError[];
  readonly orphans: Orphan[];
  /** Why files could not be brought up to date, by path. */
  readonly failures: Map<string, string>;
  /** Paths of files that are right, or that hold the last good content. */
  readonly sound: Set<string>;
  /** The folders of jobs that were looked at in this round, by segment. */
  readonly homes: Map<string, FileFacts>;
  /** Bounds the requests to the store. */
  readonly limit: Limit;
  /** Bytes read from the store so far. */
  bytes: number;
  /** Whether to stop: the store does not answer, or the signal fired. */
  stopped: boolean;
}

/** Requests to the store, and files, at a time. */
export const mirrorConcurrency = 4;

/** A new round. */
export function startRound(options: MirrorOptions): RoundState {
  const { maxObjectBytes = defaultLargestObject, removeOrphans = false, acceptOlder = false } = options;
  return {
    ...options,
    layout: options.layout ?? 'job',
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
    homes: new Map(),
    limit: createLimit(mirrorConcurrency),
    bytes: 0,
    stopped: false,
  };
}

/** Records that a file could not be updated. The round stops when the store does not answer. */
export function failFile(round: RoundState, path: string, cause: unknown): void {
  const error = diskError(`update ${round.folder.at(path)}, its last good content stays`, cause);
  round.errors.push(error);
  round.failures.set(path, error.message);
  if (round.signal.aborted || silence.some((kind) => isMusterError(error, kind))) round.stopped = true;
}

const silence = ['unreachable', 'throttled', 'timeout'] as const;

/**
 * Logs rounds and their duration in seconds: each change, and each error, rejection and orphan once until it changes or
 * goes.
 */
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
    if (failing && round.errors.length === 0) log.info('the mirror works again', { seconds });
    failing = round.errors.length > 0;
    known = new Set([
      ...round.rejections.map(identity),
      ...round.orphans.map(orphanIdentity),
      ...round.errors.map(errorIdentity),
    ]);
    log.debug('round ended', { seconds, changes: round.changes.length, bytes: round.bytes });
  };
}

/** Lines of one kind in a round: a bucket full of rubbish must not fill the log. */
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
