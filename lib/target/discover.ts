import type { TargetGroup } from './group.ts';

/** Opaque position of a backend, kept in the snapshot and handed to the next cycle. */
export type Cursor = string;

/** How far a listing is; `total` where the backend says it. */
export interface Progress {
  readonly read: number;
  readonly total?: number;
}

export interface DiscoverInput {
  /** Fires when the cycle's deadline passes; every call must heed it. */
  readonly signal: AbortSignal;
  /** When that will be, in milliseconds of the epoch: no retry is planned for later. */
  readonly deadline?: number;
  /** What the last good cycle returned. */
  readonly cursor?: Cursor;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Lists all target groups of one provider, in batches as they come, and returns the cursor for the next cycle.
 * Throws when any part of the listing could not be read: a listing that ends is complete. Of two groups with one
 * source the later wins, as in Prometheus; one without targets takes an earlier one back.
 */
export type Discover = (input: DiscoverInput) => AsyncGenerator<readonly TargetGroup[], Cursor | undefined>;
