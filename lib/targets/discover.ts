import type { TargetGroup } from './group.ts';

/** Opaque position of a backend, kept in the snapshot and handed to the next cycle. */
export type Cursor = string;

/** How far a listing is; `total` where the backend says it. */
export interface Progress {
  readonly read: number;
  readonly total?: number;
}

/** What one listing is given. */
export interface DiscoverInput {
  /** Fires when the cycle's deadline passes; every call must heed it. */
  readonly signal: AbortSignal;
  /** When that will be, in milliseconds of the epoch: no retry is planned for later. */
  readonly deadline?: number | undefined;
  /** What the last good cycle returned. */
  readonly cursor?: Cursor | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a listing says of itself at its end. Without any of it the listing is complete and its backend unknown. */
export interface Listed {
  /** For the next cycle. */
  readonly cursor?: Cursor | undefined;
  /**
   * Names of the backend itself, which outlive its restarts, as in the uid of a cluster. Two listings that have names
   * but none in common come from two backends.
   */
  readonly backend?: readonly string[] | undefined;
  /**
   * Says why the listing saw nothing of the group with this source although the same credentials saw it before;
   * `undefined` if it saw it. Such a group can gain targets, not lose them.
   */
  readonly unseen?: (source: string) => string | undefined;
  /** Why the backend leaves things out, as it did in the last listing too: what is missing may be hidden only. */
  readonly filtered?: string;
  /** Requests that it cost the backend, each with its retries, as far as they are counted. */
  readonly requests?: number | undefined;
  /**
   * What the listing says to a provider whose last one returned this cursor: those that share a listing may have
   * different ones. Absent if the cursor makes no difference.
   */
  readonly comparedWith?: (cursor: Cursor | undefined) => Compared;
}

/** What a listing can say only beside the one before it. */
export type Compared = Pick<Listed, 'cursor' | 'unseen' | 'filtered'>;

/**
 * Lists all target groups of one provider, in batches as they come, and returns what the listing says of itself. Throws
 * when any part of the listing could not be read: a listing that ends is complete, except for what `Listed` names. Of
 * two groups with one source the later wins, as in Prometheus; one without targets takes an earlier one back.
 */
export type Discover = (input: DiscoverInput) => AsyncGenerator<readonly TargetGroup[], Listed | undefined>;
