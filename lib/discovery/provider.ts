import type { MusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Change } from '../target/diff.ts';
import type { Discover, Progress } from '../target/discover.ts';
import type { TargetGroup } from '../target/group.ts';
import type { ProviderId } from '../target/names.ts';
import type { GuardConfig } from './guard.ts';
import type { Loaded } from './load.ts';

/** A provider as a cycle needs it. */
export interface Provider extends ProviderId {
  readonly discover: Discover;
  /** What is done to each group before it is compared: relabelling, leaving out labels. Undefined drops the group. */
  readonly transform?: (group: TargetGroup) => TargetGroup | undefined;
  readonly guard: GuardConfig;
  /** Number of target files; 1 is one file without a number. */
  readonly shards: number;
  /** Milliseconds that listing the targets may take. */
  readonly deadline: number;
}

/** What a cycle is given beside its provider. */
export interface CycleInput {
  readonly store: ObjectStore;
  /** What the last cycle of this process left, to be asked for with its etag. */
  readonly warm?: Loaded;
  /** Ends everything, the status included. */
  readonly signal?: AbortSignal;
  /** Find out what would change, write nothing. */
  readonly dryRun?: boolean;
  /** Identifies the run in journal and status; unique. */
  readonly run: string;
  readonly now: () => Date;
  readonly onProgress?: (progress: Progress) => void;
  /** When the listing must have ended, whatever the provider's deadline: what comes after it needs time too. */
  readonly listUntil?: Date;
  /** Why the newest configuration is not in force; the status tells it on. */
  readonly configError?: string;
}

/**
 * How a cycle ended:
 * - `unchanged`: nothing to do, the status was written;
 * - `published`: a new version is committed and published;
 * - `healed`: the list is the same, but an earlier run had left it unpublished;
 * - `held`: the guard keeps a drop back;
 * - `superseded`: another run was first, which carries on;
 * - `failed`: see the error; the last good list stays;
 * - `dry-run`: nothing was written.
 */
export type Outcome = 'unchanged' | 'published' | 'healed' | 'held' | 'superseded' | 'failed' | 'dry-run';

export interface CycleResult extends ProviderId {
  readonly outcome: Outcome;
  /** Newest version that the run knows. */
  readonly version: number;
  readonly groups: number;
  readonly targets: number;
  /** What the cycle committed, held or, on a dry run, would commit. */
  readonly change?: Change;
  /** Why the change is held. */
  readonly held?: string;
  readonly error?: MusterError;
  readonly durationMs: number;
  /** When the provider last had its whole list, ISO 8601, as far as the status knows. */
  readonly lastSuccess?: string;
  /** What the next cycle of this process may start from. */
  readonly loaded?: Loaded;
}
