import { isMusterError, MusterError } from '../base/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { countTargets } from '../targets/canonical.ts';
import { type Change, diffGroups, isEmptyChange } from '../targets/diff.ts';
import type { Guard } from '../targets/guard.ts';
import { manifestKey, type ProviderId } from '../targets/keys.ts';
import { type BlockLimits, fetchTexts } from './blocks.ts';
import { type Control, type ControlRecord, isSame, pinAt } from './control.ts';
import { judge } from './gate.ts';
import { announceFile, controlFacts } from './heartbeat.ts';
import { readHeld } from './held.ts';
import { commitChange } from './journal.ts';
import { groupsAt } from './list-at.ts';
import { type Loaded, loadProvider } from './load.ts';
import { acceptanceAt, peakWithin, stepsAfter } from './memory.ts';
import { type ComparedTarget, compareTargets } from './missing.ts';
import { storeIdOf } from './ownership.ts';
import { type Published, publishVersion } from './publish.ts';
import { clockSkew, readStatus, type Status, type StoredStatus, writeStatus } from './status.ts';
import { addDrop } from './sums.ts';

/** Who decides, and where. */
export interface OperatorInput {
  readonly store: ObjectStore;
  /** Identifies the run in the journal; unique. */
  readonly run: string;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  /** A person or an identity of AWS. */
  readonly by: string;
  readonly why?: string | undefined;
  /** How lists are cut into blocks, if not as usual: for tests. */
  readonly limits?: BlockLimits | undefined;
}

/** What became of a decision. */
export interface Operated extends ProviderId {
  readonly version: number;
  /** False where all was as it was asked for: nothing was committed. */
  readonly isNew: boolean;
  /** What it did to the list. */
  readonly change: Change;
  /** What is in force now. */
  readonly control: Control;
}

/** What is wanted of a version: its list and what is in force, or nothing if it is so already. */
interface Draft {
  readonly action: ControlRecord['action'];
  readonly groups: Loaded['groups'];
  /** Given the version that will record it. */
  readonly control: (version: number) => Control;
}

/**
 * Keeps the list as it is until a time (ISO 8601), or until it is unpinned: cycles go on, and publish nothing. Throws
 * `not-found` for a provider that is not in the store, `storage` for a damaged one, and `conflict` if others keep
 * writing.
 */
export function pinProvider(
  id: ProviderId,
  until: string | undefined,
  input: OperatorInput,
): Promise<Operated> {
  return operate(id, input, async ({ groups, control }) => {
    if (isPinned(control, until, input)) return undefined;
    return {
      action: 'pin',
      groups,
      control: (version) => ({ ...control, pin: pinOf(version, until, input) }),
    };
  });
}

function pinOf(version: number, until: string | undefined, { now, by, why }: OperatorInput) {
  return { at: now().toISOString(), version, by, why, until };
}

/** Whether it is pinned just so. The same command a moment later ends a moment later: that is no other pin. */
function isPinned(control: Control, until: string | undefined, { now, why }: OperatorInput): boolean {
  const pin = pinAt(control, now());
  if (pin === undefined || (why !== undefined && why !== pin.why)) return false;
  if (pin.until === undefined || until === undefined) return pin.until === until;
  return Math.abs(Date.parse(until) - Date.parse(pin.until)) <= clockSkew;
}

/** Ends a pin: the next cycle publishes what it finds, through the gate. Throws like `pinProvider`. */
export function unpinProvider(id: ProviderId, input: OperatorInput): Promise<Operated> {
  return operate(id, input, async ({ groups, control }) => {
    if (control.pin === undefined) return undefined;
    return { action: 'unpin', groups, control: () => ({ ...control, pin: undefined }) };
  });
}

/**
 * Says that what is held now is not wanted: these removals are not confirmed by time, until the backend has the targets
 * again, or an operator accepts them after all. An earlier acceptance is taken back. Throws kind `not-found` if nothing
 * is held, and like `pinProvider`.
 */
export function rejectHeld(id: ProviderId, input: OperatorInput): Promise<Operated> {
  const { store, signal, now, by, why } = input;
  return operate(id, input, async ({ groups, control, version: newest }) => {
    const { held } = await readHeld(store, id, signal);
    if (held === undefined || held.version < Math.max(newest - 1, control.rollback?.version ?? 0))
      throw new MusterError('not-found', `nothing is held of ${id.job}/${id.provider}`);
    const { memory } = held;
    const { rejected } = control;
    const wanted = {
      ids: [...memory.marks.keys()],
      labels: memory.labels?.names,
      backend: memory.backend,
    };
    const accepted = acceptanceAt(memory, now());
    const isKnown =
      rejected !== undefined &&
      wanted.ids.every((one) => rejected.ids.includes(one)) &&
      isSame(wanted.labels ?? [], rejected.labels ?? []) &&
      isSame(wanted.backend ?? [], rejected.backend ?? []) &&
      (accepted?.version ?? 0) < rejected.version;
    if (isKnown) return undefined;
    return {
      action: 'reject',
      groups,
      control: (version) => ({
        ...control,
        rejected: { at: now().toISOString(), version, by, why, ...wanted },
      }),
    };
  });
}

/** What a rollback is to bring back. */
export interface RollbackTo {
  /** The version whose list comes back. */
  readonly to: number;
  /** Pin it as well, until then (ISO 8601). */
  readonly pin?: { readonly until: string | undefined } | undefined;
  /** The number of targets that may go, even if the gate would hold them. */
  readonly maxRemoved: number;
  readonly guard: Guard;
}

/**
 * A new version with the list of an old one. The gate judges it like any other change: where too many targets would go
 * it throws kind `denied`, and says how many. Throws as `groupsAt` where the old list is not known.
 */
export async function rollbackProvider(
  id: ProviderId,
  wanted: RollbackTo,
  input: OperatorInput,
): Promise<Operated> {
  const { store, signal, now, by, why } = input;
  const { to, pin } = wanted;
  const { groups } = await groupsAt(id, to, { store, signal });
  return operate(id, input, async (loaded, status) => {
    const change = diffGroups(loaded.groups, groups);
    const isThere = isEmptyChange(change);
    if (isThere && (pin === undefined || isPinned(loaded.control, pin.until, input))) return undefined;
    // Its own texts came with the list of the old version.
    await fetchTexts(loaded.groups.values(), { store, id, signal });
    if (!isThere) await passGate(id, { loaded, status, change, groups }, wanted, input);
    const at = now().toISOString();
    return {
      action: isThere ? 'pin' : 'rollback',
      groups: isThere ? loaded.groups : groups,
      control: (version) => ({
        ...loaded.control,
        ...(pin !== undefined && { pin: pinOf(version, pin.until, input) }),
        ...(!isThere && { rollback: { at, version, by, why, to } }),
      }),
    };
  });
}

interface Judged {
  readonly loaded: Loaded;
  readonly status: Status;
  readonly change: Change;
  readonly groups: Loaded['groups'];
}

/** Throws kind `denied` where the rollback would remove more than the gate lets go, and than was allowed. */
async function passGate(
  { job, provider }: ProviderId,
  { loaded, status, change, groups }: Judged,
  { to, maxRemoved, guard }: RollbackTo,
  { store, now, signal }: OperatorInput,
): Promise<void> {
  const { missing } = compareTargets(change);
  if (missing.length <= maxRemoved) return;
  const time = now();
  const peak = peakWithin(loaded.steps, time.getTime(), guard.confirm_after);
  const gate = {
    config: guard,
    published: loaded.groups,
    listing: groups,
    listed: {},
    backend: [],
    memory: undefined,
    peak,
    elapsed: 0,
    now: time,
  };
  const verdict = judge(gate);
  const drop = {
    job,
    provider,
    server: status.server ?? provider,
    removed: missing.length,
    peak: verdict.peak,
  };
  const isHeld =
    verdict.hold !== undefined ||
    (await addDrop(drop, { store, config: guard, now: time, signal })).forbidden !== undefined;
  if (isHeld) throw new MusterError('denied', refusal({ job, provider }, to, missing, loaded));
}

function refusal(id: ProviderId, to: number, missing: readonly ComparedTarget[], { groups }: Loaded): string {
  const names = missing.slice(0, 5).map(({ labels }) => labels.__address__ ?? 'one without address');
  const rest = missing.length > names.length ? ` and ${missing.length - names.length} more` : '';
  return `a rollback of ${id.job}/${id.provider} to version ${to} would remove ${missing.length} of ${countTargets(groups)} targets (${names.join(', ')}${rest}): nothing was changed; --max-removed ${missing.length} allows it`;
}

/** How often another run may be first. */
const attempts = 10;

/**
 * Commits what an operator decided as the next version, and publishes it. A run that was first makes it look again at
 * what there is; a run under way that loaded the version before is superseded. What died after its commit is completed
 * by the next cycle, or by the same command.
 */
async function operate(
  id: ProviderId,
  input: OperatorInput,
  make: (loaded: Loaded, status: Status) => Promise<Draft | undefined>,
): Promise<Operated> {
  const { store, signal, now, by, why } = input;
  const name = `${id.job}/${id.provider}`;
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const stored = await readStatus(store, id, signal);
    const { status } = stored;
    const loaded = await loadProvider(store, id, { signal });
    if (status === undefined || loaded.version === 0)
      throw new MusterError('not-found', `${name} is not in the store: it never ran, or was retired`);
    if (loaded.damaged !== undefined)
      throw new MusterError(
        'storage',
        `the history of ${name} is damaged: ${loaded.damaged}; a cycle mends it`,
      );
    const draft = await make(loaded, status);
    const nothing = diffGroups(loaded.groups, loaded.groups);
    if (draft === undefined) {
      await publish(id, input, { next: loaded, change: nothing, stored });
      return { ...id, version: loaded.version, isNew: false, change: nothing, control: loaded.control };
    }
    const version = loaded.version + 1;
    const control = draft.control(version);
    const change = draft.groups === loaded.groups ? nothing : diffGroups(loaded.groups, draft.groups);
    const next = nextLoaded(loaded, draft, control, now());
    const entry = {
      change,
      reason: 'accepted',
      control: { action: draft.action, by, why, state: control },
    } as const;
    if (!(await commitChange(id, next, entry, input))) continue;
    await publish(id, input, { next, change, stored });
    return { ...id, version, isNew: true, change, control };
  }
  throw new MusterError('conflict', `${name} changes faster than it can be decided on; try again`);
}

function nextLoaded(loaded: Loaded, { groups }: Draft, control: Control, now: Date): Loaded {
  const counts = {
    now: now.getTime(),
    window: keptFor,
    before: countTargets(loaded.groups),
    after: countTargets(groups),
  };
  const { version, steps } = loaded;
  return { ...loaded, version: version + 1, groups, control, steps: stepsAfter(steps, counts) };
}

/** Milliseconds for which the count before a rollback is remembered at least: a job may have a longer window. */
const keptFor = 24 * 60 * 60_000;

interface ToPublish {
  readonly next: Loaded;
  readonly change: Change;
  readonly stored: StoredStatus;
}

async function publish(
  id: ProviderId,
  { store, run, now, signal, limits }: OperatorInput,
  { next, change, stored }: ToPublish,
): Promise<void> {
  const shards = await shardsOf(id, store, signal);
  const provider = { ...id, identity: stored.status?.identity, shards, limits };
  const publishing = {
    store,
    now,
    signal,
    storeId: () => storeIdOf(store, signal),
    announce: async () => {
      await announceFile(provider, { store, run, now, signal }, stored);
    },
  };
  const published = await publishVersion(provider, publishing, {
    loaded: next,
    change,
    status: stored.status,
  });
  if (published === undefined) return;
  await report(id, { store, now, signal }, { ...published, isChanged: !isEmptyChange(change) });
}

/** The form of the list that is published: another one comes with the next cycle. */
async function shardsOf(id: ProviderId, store: ObjectStore, signal: AbortSignal): Promise<number> {
  return (await store.head(manifestKey(id), { signal })) === undefined ? 1 : 2;
}

/** Says in the status what is published. The rest of it is of the last cycle, and stays. */
async function report(
  id: ProviderId,
  { store, now, signal }: Pick<OperatorInput, 'store' | 'now' | 'signal'>,
  { loaded, files, isChanged }: Published & { readonly isChanged: boolean },
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { status, etag } = await readStatus(store, id, signal);
    if (status === undefined || status.version > loaded.version) return;
    const next: Status = {
      ...status,
      ...{ version: loaded.version, published_version: loaded.version, files: [...files] },
      ...{ groups: loaded.groups.size, targets: countTargets(loaded.groups) },
      ...(isChanged && { last_change: now().toISOString() }),
      ...controlFacts(loaded.control, now()),
    };
    try {
      await writeStatus(id, next, etag, { store, signal, merge: false });
      return;
    } catch (error) {
      // A cycle was first; of what it wrote the rest is to stay.
      if (!isMusterError(error, 'conflict')) throw error;
    }
  }
}
