import type { MusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Change } from '../targets/diff.ts';
import type { Discover, Progress } from '../targets/discover.ts';
import type { TargetGroup } from '../targets/group.ts';
import type { Guard } from '../targets/guard.ts';
import type { ProviderId } from '../targets/keys.ts';
import type { NoteTarget } from '../targets/scrapable.ts';
import type { BlockLimits } from './blocks.ts';
import type { HeldDocument } from './held.ts';
import type { JournalRetention } from './journal.ts';
import type { Loaded } from './load.ts';
import type { Settings } from './settings.ts';
import type { StoredStatus } from './status.ts';

/** A provider as a cycle needs it. */
export interface Provider extends ProviderId {
  readonly discover: Discover;
  /** Digest of what it lists. */
  readonly identity?: string | undefined;
  /** How it is configured, for its status. */
  readonly settings?: Settings | undefined;
  /** Digest of the backend server that it asks. */
  readonly server?: string | undefined;
  /**
   * What is done to each group before it is compared: relabelling, leaving out labels and targets that Prometheus would
   * refuse, which it notes. Undefined drops the group.
   */
  readonly transform?: (group: TargetGroup, note: NoteTarget) => TargetGroup | undefined;
  readonly guard: Guard;
  /** 1 publishes the list as one plain file, `auto` a large one in parts, and a higher number any in parts. */
  readonly shards: number | 'auto';
  /** Milliseconds that listing the targets may take. */
  readonly deadline: number;
  /** How long its journal is kept; for good without it. */
  readonly journal?: JournalRetention;
  /** How its list is cut into blocks, if not as usual: for tests. */
  readonly limits?: BlockLimits | undefined;
}

/** What a cycle is given beside its provider. */
export interface CycleInput {
  readonly store: ObjectStore;
  /** Id of the store, where it is known already. */
  readonly storeId?: string | undefined;
  /** Look at every block of the last list before the targets are listed: one was found to be gone. */
  readonly findLost?: boolean;
  /** What the last cycle of this process left, to be asked for with its etag. */
  readonly warm?: Loaded | undefined;
  /** The status, where it was read just now. */
  readonly stored?: StoredStatus | undefined;
  /** The status that the last cycle of this process wrote, to be asked for with its etag. */
  readonly reported?: StoredStatus | undefined;
  /** Ends everything, the status included. */
  readonly signal?: AbortSignal | undefined;
  /** Find out what would change, write nothing. */
  readonly dryRun?: boolean;
  /** Identifies the run in journal and status; unique. */
  readonly run: string;
  readonly now: () => Date;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Awaited when the last list is loaded: others that share the listing may not be so far. Never throws. */
  readonly beforeListing?: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** When the listing must end, even before the provider's deadline, because the steps after it need time too. */
  readonly listUntil?: Date;
  /** Why the newest configuration is not in force; the status shows it. */
  readonly configError?: string | undefined;
  /** Whether the store has more providers than this one, with which a drop must be added up. */
  readonly hasOthers?: boolean;
  /** Of a dry run: where drops are noted, so that they are added up. Without it they are not. */
  readonly dropNotes?: ObjectStore | undefined;
}

/**
 * How a cycle ended:
 * - `unchanged`: nothing to do, the status was written;
 * - `published`: a new version is committed and published; some removals may be held;
 * - `healed`: the list is the same, but an earlier run had left it unpublished;
 * - `held`: all that the listing would change is held;
 * - `superseded`: another run was first, which carries on;
 * - `failed`: see the error; the last good list stays;
 * - `dry-run`: nothing was written.
 */
export type Outcome = 'unchanged' | 'published' | 'healed' | 'held' | 'superseded' | 'failed' | 'dry-run';

/** A line for people, and whether the cycle before did not have it. */
interface Warning {
  readonly message: string;
  readonly isNew: boolean;
}

/** What a cycle came to. */
export interface CycleResult extends ProviderId {
  readonly outcome: Outcome;
  /** Newest version that the run knows. */
  readonly version: number;
  readonly groups: number;
  /** Targets that are published. */
  readonly targets: number;
  /** What the cycle committed or, on a dry run, would commit. */
  readonly change?: Change;
  /** What the gate holds, for people. */
  readonly held?: HeldDocument | undefined;
  /** Targets that left after a hold, without an operator. */
  readonly confirmed?: number | undefined;
  /** Damage that was found in the store. */
  readonly damaged?: string | undefined;
  /** The provider had failed before, and is good again. */
  readonly recovered?: boolean;
  /** What an operator should know of the list although the cycle is good. */
  readonly warnings?: readonly Warning[];
  readonly error?: MusterError | undefined;
  /** Requests that its listing cost the backend, as far as they are counted. */
  readonly requests?: number | undefined;
  readonly durationMs: number;
  /** When the provider last had its whole list, ISO 8601, as far as the status knows. */
  readonly lastSuccess?: string;
  /** When its first cycle was tried, ISO 8601. */
  readonly firstAttempt?: string;
  /** What the next cycle of this process may start from. */
  readonly loaded?: Loaded | undefined;
  /** The status that it wrote. */
  readonly reported?: StoredStatus | undefined;
}
