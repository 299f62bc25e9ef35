import { isMusterError, type MusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { diskError } from './files.ts';
import type { TargetFolder } from './folder.ts';
import { createLimit, type Limit } from './limit.ts';
import { type Rejection, segmentOf } from './plan.ts';

export interface MirrorOptions {
  readonly store: ObjectStore;
  readonly folder: TargetFolder;
  /** Limit of one object in bytes. Default 256 MiB. */
  readonly maxObjectBytes?: number;
  /** Whether an empty listing removes all files. Default: it is an error and removes nothing. */
  readonly allowEmpty?: boolean;
  /** Ends the round between two operations. */
  readonly signal: AbortSignal;
}

/** A file that was replaced or removed. */
export interface FileChange {
  readonly path: string;
  readonly change: 'written' | 'removed';
}

/** What a round did. It is a success if it has no error; objects that were rejected do not fail it. */
export interface Round {
  readonly changes: readonly FileChange[];
  readonly rejections: readonly Rejection[];
  readonly errors: readonly MusterError[];
  /** Bytes read from the store. */
  readonly bytes: number;
}

/** A round at work. */
export interface RoundState extends Round, Required<MirrorOptions> {
  readonly changes: FileChange[];
  readonly rejections: Rejection[];
  readonly errors: MusterError[];
  /** Jobs in which something failed: nothing is removed there, as it may be what replaces the file. */
  readonly failedJobs: Set<string>;
  /** Bounds the requests to the store. */
  readonly limit: Limit;
  bytes: number;
  /** Whether going on makes no sense: the store does not answer, or the signal fired. */
  stopped: boolean;
}

/** Requests to the store, and files, at a time. */
export const parallel = 4;
const defaultMaxObjectBytes = 256 * 2 ** 20;

export function startRound(options: MirrorOptions): RoundState {
  return {
    maxObjectBytes: defaultMaxObjectBytes,
    allowEmpty: false,
    ...options,
    changes: [],
    rejections: [],
    errors: [],
    failedJobs: new Set(),
    limit: createLimit(parallel),
    bytes: 0,
    stopped: false,
  };
}

/** Notes that a file could not be brought up to date; the others go on unless the store has gone silent. */
export function failFile(round: RoundState, path: string, cause: unknown): void {
  const error = diskError(`bring ${round.folder.at(path)} up to date, its last good content stays`, cause);
  round.errors.push(error);
  round.failedJobs.add(segmentOf(path));
  if (round.signal.aborted || silence.some((kind) => isMusterError(error, kind))) round.stopped = true;
}

const silence = ['unreachable', 'throttled', 'timeout'] as const;
