import { createLimit, type Limit } from '../../base/concurrency.ts';
import { diskError } from '../../base/disk-errors.ts';
import { isMusterError, type MusterError } from '../../base/errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { defaultLargestObject } from '../../targets/file-sd.ts';
import type { TargetFolder } from './folder.ts';
import type { Rejection } from './plan.ts';

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
