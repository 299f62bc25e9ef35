import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type Guard, losesTooMany } from '../targets/guard.ts';
import { type ProviderId, statusKey } from '../targets/keys.ts';
import { pinnedText } from './hints.ts';
import { acceptedFor, isInForce } from './memory.ts';
import {
  emptyStatus,
  listProviders,
  readStatus,
  readStatuses,
  type Status,
  type StoredStatus,
  writeStatus,
} from './status.ts';
import { noteRetired, retiredLately } from './sums.ts';

/** A provider as the configuration has it. */
export interface ConfiguredProvider extends ProviderId {
  /** Digest of what it lists. */
  readonly identity?: string | undefined;
}

/** When a provider that left the configuration is retired. */
export interface RetireRules {
  /** Milliseconds that a job's providers stay after they left; 0 is at once. */
  readonly retireAfter: (job: string) => number;
  /** Of the whole configuration: how much of all targets may go. */
  readonly guard: Pick<Guard, 'max_removed' | 'min_targets'>;
  /** Milliseconds for which tombstones, and the journals behind them, are kept. */
  readonly keep: number;
}

/** A provider that the store has and the configuration has not. */
export interface LeavingProvider extends ProviderId {
  readonly targets: number;
  /** Those of them that no other provider has taken over, judged by counts. */
  readonly loss: number;
  /**
   * - `due`: it is retired now;
   * - `waiting`: it is retired when it has waited long enough;
   * - `held`: too much would go; it waits for an operator;
   * - `pinned`: an operator keeps its list as it is, until the pin ends.
   */
  readonly state: 'due' | 'waiting' | 'held' | 'pinned';
  /** Milliseconds until it is due, of one that waits; otherwise 0. */
  readonly wait: number;
  /** One line for a person: why it is retired or not. */
  readonly reason: string;
}

interface LeavingInput {
  readonly store: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Only providers of this mechanism. */
  readonly mechanism?: string | undefined;
  /** Look only: write nothing into statuses. */
  readonly dryRun?: boolean | undefined;
}

/** The providers of the store that the configuration lacks. None for an empty configuration: it must be a mistake. */
export async function findLeft(
  configured: readonly ProviderId[],
  { store, signal, mechanism }: Pick<LeavingInput, 'store' | 'signal' | 'mechanism'>,
): Promise<readonly ProviderId[]> {
  if (configured.length === 0) return [];
  const keep = new Set(configured.map(statusKey));
  return (await listProviders({ store, signal }))
    .filter((id) => !keep.has(statusKey(id)))
    .filter(({ provider }) => mechanism === undefined || provider.startsWith(`${mechanism}-`));
}

/**
 * Looks at every provider that left the configuration, counts its wait in its status, and says which are due. One
 * leaves when it has waited for `retire_after`, or as soon as its successors in the same job have published as many
 * targets. Where more than `max_removed` of all published targets would go, those due are held until an operator
 * accepts. A pinned one waits until the pin ends, even if its retirement was accepted.
 */
export async function reviewLeaving(
  configured: readonly ConfiguredProvider[],
  rules: RetireRules,
  input: LeavingInput,
): Promise<readonly LeavingProvider[]> {
  const { store, now, signal } = input;
  const left = await findLeft(configured, input);
  if (left.length === 0) return [];
  const drafts = await mapConcurrent(left, 8, signal, async (id) => {
    const stored = await readStatus(store, id, signal);
    const waited = waitedOf(stored.status, rules.retireAfter(id.job), now);
    return { id, stored, waited, pin: pinOf(stored.status, now) };
  });
  const stored = await readStatuses(configured, input);
  const staying = stayingOf(configured, stored);
  const byJob = Map.groupBy(drafts, ({ id }) => id.job);
  const judged = drafts.map((draft) => judgeOne(draft, byJob.get(draft.id.job) ?? [], staying, rules));
  const statuses = [...drafts.map((draft) => draft.stored), ...stored.values()].map(({ status }) => status);
  const due = judged.filter(({ isDue, pin }) => isDue && pin === undefined);
  const refusal = due.length === 0 ? undefined : await refuseSum(due, statuses, rules, input);
  const looked = judged.map((one) => {
    const accepted = isAccepted(one.stored.status, now);
    if (one.pin !== undefined) {
      const reason = `it left the configuration; ${pinnedText(one.pin)}`;
      return { ...one, state: 'pinned', reason } as const;
    }
    const isHeld = refusal !== undefined && one.isDue && one.loss > 0 && !accepted;
    const reason = isHeld ? refusal : one.reason;
    const state = isHeld ? 'held' : one.isDue || accepted ? 'due' : 'waiting';
    return { ...one, state, reason } as const;
  });
  if (input.dryRun !== true)
    await mapConcurrent(looked, 8, signal, (one) =>
      noteWait(one, input, one.state === 'held' ? one.reason : undefined),
    );
  return looked.map(({ id, stored, loss, state, wait, reason }) => ({
    ...id,
    targets: stored.status?.targets ?? 0,
    loss,
    state,
    wait: state === 'waiting' ? wait : 0,
    reason,
  }));
}

interface Draft {
  readonly id: ProviderId;
  readonly stored: StoredStatus;
  /** An operator keeps its list as it is. */
  readonly pin: Status['pinned'];
  /** Milliseconds. */
  readonly waited: number;
}

interface Judged extends Draft {
  readonly isDue: boolean;
  readonly wait: number;
  readonly reason: string;
  /** Targets that go with it and that nobody else has. */
  readonly loss: number;
}

/** The providers of the configuration, as one that leaves asks for them. */
interface Staying {
  /** Of each job their statuses; undefined of those that have none. */
  readonly byJob: ReadonlyMap<string, readonly (Status | undefined)[]>;
  /** What good ones list. */
  readonly identities: ReadonlySet<string>;
}

function stayingOf(
  configured: readonly ConfiguredProvider[],
  statuses: ReadonlyMap<string, StoredStatus>,
): Staying {
  const byJob = new Map<string, (Status | undefined)[]>();
  const identities = new Set<string>();
  for (const one of configured) {
    const status = statuses.get(statusKey(one))?.status;
    const inJob = byJob.get(one.job);
    if (inJob === undefined) byJob.set(one.job, [status]);
    else inJob.push(status);
    if (one.identity !== undefined && isGood(status)) identities.add(one.identity);
  }
  return { byJob, identities };
}

/** The pin, while it is in force: no cycle of the provider is left that would end it in the status. */
function pinOf(status: Status | undefined, now: Date): Status['pinned'] {
  const { until } = status?.pinned ?? {};
  return until === undefined || now.getTime() < Date.parse(until) ? status?.pinned : undefined;
}

/** A single look counts for half of the wait at most, so that a jump of the clock does not end it. */
function waitedOf(status: Status | undefined, wait: number, now: Date): number {
  if (status?.retiring === undefined) return 0;
  const { looked, waited_seconds } = status.retiring;
  const step = Math.max(0, now.getTime() - Date.parse(looked));
  return waited_seconds * 1000 + Math.min(step, wait / 2);
}

function judgeOne(
  draft: Draft,
  leavingJob: readonly Draft[],
  { byJob, identities }: Staying,
  { retireAfter, guard }: RetireRules,
): Judged {
  const { id, stored, waited } = draft;
  const wait = Math.max(0, retireAfter(id.job) - waited);
  const targets = stored.status?.targets ?? 0;
  const isMoved = stored.status?.identity !== undefined && identities.has(stored.status.identity);
  const inJob = byJob.get(id.job) ?? [];
  const began = stored.status?.last_attempt ?? '';
  const isNew = (status: Status) => (status.first_attempt ?? '') > began;
  const successors = inJob.filter((status) => status === undefined || isNew(status));
  const sum = (statuses: readonly (Status | undefined)[]) =>
    statuses.reduce((total, status) => total + (status?.targets ?? 0), 0);
  const leaving = leavingJob.reduce((total, other) => total + (other.stored.status?.targets ?? 0), 0);
  const after = sum(inJob);
  const before = after - sum(successors) + leaving;
  const isReplaced =
    successors.length > 0 &&
    successors.every(isGood) &&
    (before < guard.min_targets ? after > 0 || before === 0 : before - after <= guard.max_removed * before);
  const loss = isMoved ? 0 : isReplaced ? Math.min(targets, Math.max(0, before - after)) : targets;
  if (isReplaced)
    return { ...draft, isDue: true, wait: 0, loss, reason: 'another SD config of its job took its place' };
  const reason = wait === 0 ? 'it is no longer in the configuration' : 'it left the configuration';
  return { ...draft, isDue: wait === 0, wait, loss, reason };
}

function isGood(status: Status | undefined): boolean {
  return status !== undefined && status.published_version > 0 && status.failures === 0;
}

/** Why the due ones may not go together with what was retired lately. */
async function refuseSum(
  due: readonly Judged[],
  statuses: readonly (Status | undefined)[],
  { guard }: RetireRules,
  input: LeavingInput,
): Promise<string | undefined> {
  const { lost: gone } = await retiredLately(input);
  const lost = gone + due.reduce((sum, { loss }) => sum + loss, 0);
  const total = gone + statuses.reduce((sum, status) => sum + (status?.targets ?? 0), 0);
  if (!losesTooMany(lost, total, guard)) return undefined;
  return `${lost} of ${total} published targets would be retired: they stay until that is accepted`;
}

function isAccepted(status: Status | undefined, now: Date): boolean {
  return isInForce(status?.retiring?.accepted_until, now);
}

/** Over the status that was read, or not at all: a cycle or an operator that wrote meanwhile knows better. */
async function noteWait(
  { id, stored, waited, pin }: Judged,
  input: LeavingInput,
  held: string | undefined,
): Promise<void> {
  const { status = emptyStatus(id, '', input.now), etag } = stored;
  const { since = input.now.toISOString(), accepted_until } = status.retiring ?? {};
  const retiring = {
    since,
    waited_seconds: waited / 1000,
    looked: input.now.toISOString(),
    held,
    accepted_until,
  };
  try {
    await writeStatus(id, { ...status, pinned: pin, retiring }, etag, { ...input, merge: false });
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
  }
}

/** Notes what was retired, so that several small edits are added up. */
export async function noteRetirement(
  { job, provider, loss }: LeavingProvider,
  { store, now, signal }: LeavingInput,
): Promise<void> {
  if (loss > 0) await noteRetired({ job, provider, removed: loss }, { store, now, signal });
}

/** Lets a provider that waits to be retired go with the next look, for an hour. False where it does not wait. */
export async function acceptRetirement(
  id: ProviderId,
  { store, now, signal }: LeavingInput,
): Promise<boolean> {
  const { status, etag } = await readStatus(store, id, signal);
  if (status?.retiring === undefined) return false;
  const accepted_until = new Date(now.getTime() + acceptedFor).toISOString();
  const retiring = { ...status.retiring, accepted_until };
  await writeStatus(id, { ...status, retiring }, etag, { store, signal, merge: false });
  return true;
}
