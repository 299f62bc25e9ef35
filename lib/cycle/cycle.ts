import { MusterError, toMusterError } from '../base/errors.ts';
import { countTargets } from '../targets/canonical.ts';
import { isEmptyChange } from '../targets/diff.ts';
import { losesTooMany } from '../targets/guard.ts';
import { heldKey, statusKey } from '../targets/keys.ts';
import { collectTargets, type Listing, listWarnings, markNew } from './collect.ts';
import { deleteSeen } from './document.ts';
import { type GateInput, judge, type Verdict } from './gate.ts';
import { announceFile, type ListFacts, type Report, writeHeartbeat } from './heartbeat.ts';
import { type HeldDocument, heldOf, readHeld, type StoredHeld, writeHeld } from './held.ts';
import { clearJournal, commitChange } from './journal.ts';
import { type Loaded, loadProvider } from './load.ts';
import { acceptanceAt, peakWithin, stepsAfter } from './memory.ts';
import { storeIdOf } from './ownership.ts';
import type { CycleInput, CycleResult, Outcome, Provider } from './provider.ts';
import { publishVersion } from './publish.ts';
import { readStatus, type Status, type StoredStatus } from './status.ts';
import { addDrop } from './sums.ts';

/**
 * One run of one provider: load, discover, diff, gate, commit, checkpoint, publish, status. Never throws: what failed
 * is in the result and, where the store allows, in the status.
 */
export async function runCycle(provider: Provider, input: CycleInput): Promise<CycleResult> {
  const started = input.now();
  const state: State = {};
  const end = (outcome: Outcome, rest: Partial<CycleResult> = {}): CycleResult => {
    const damaged = state.damaged ?? state.stored?.damaged ?? state.held?.damaged;
    const status = state.stored?.status;
    return {
      job: provider.job,
      provider: provider.provider,
      outcome,
      version: state.loaded?.version ?? 0,
      groups: state.loaded?.groups.size ?? 0,
      targets: state.loaded === undefined ? 0 : countTargets(state.loaded.groups),
      durationMs: Math.max(0, input.now().getTime() - started.getTime()),
      firstAttempt: status?.first_attempt ?? status?.last_attempt ?? started.toISOString(),
      ...(state.loaded && { loaded: state.loaded }),
      damaged,
      ...(outcome !== 'failed' && (status?.failures ?? 0) > 0 && { recovered: true }),
      ...lastSuccess(outcome, state, input),
      ...rest,
    };
  };
  try {
    return await runSteps(provider, input, started, state, end);
  } catch (cause) {
    const error = toMusterError(cause);
    await reportFailure(provider, input, started, state, error);
    return end('failed', { error });
  }
}

/** How far a cycle has come, so that a failure can be reported with what was known by then. */
interface State {
  loaded?: Loaded;
  stored?: StoredStatus;
  held?: StoredHeld | undefined;
  /** Why the history could not be used. */
  damaged?: string | undefined;
}

/** What a later Muster wrote is not touched, nor is the status beside it. */
async function reportFailure(
  provider: Provider,
  input: CycleInput,
  started: Date,
  { loaded, stored }: State,
  error: MusterError,
): Promise<void> {
  if (stored === undefined || input.dryRun === true || error.kind === 'newer') return;
  const {
    version = 0,
    groups = 0,
    targets = 0,
  } = loaded === undefined || loaded.damaged !== undefined ? (stored.status ?? {}) : factsOf(loaded);
  // The cycle's own error is what counts; a status that cannot be written either is the same trouble.
  await writeHeartbeat(provider, input, started, stored, { version, groups, targets }, { error }).catch(
    () => undefined,
  );
}

/** A cycle that found the whole list has succeeded, also when the gate holds some of it. */
function lastSuccess(
  outcome: Outcome,
  { stored }: State,
  { now }: CycleInput,
): Pick<CycleResult, 'lastSuccess'> {
  const failed = outcome === 'failed' || outcome === 'superseded';
  const at = failed ? stored?.status?.last_success : now().toISOString();
  return at === undefined ? {} : { lastSuccess: at };
}

async function runSteps(
  provider: Provider,
  input: CycleInput,
  started: Date,
  state: State,
  end: (outcome: Outcome, rest?: Partial<CycleResult>) => CycleResult,
): Promise<CycleResult> {
  const { store, signal, dryRun, now } = input;
  const stored = input.stored ?? (await readStatus(store, provider, signal));
  state.stored = stored;
  const none: StoredHeld = { held: undefined, etag: undefined };
  const [loaded, found] = await Promise.all([
    loadProvider(store, provider, { warm: input.warm, signal }),
    // Without a status nobody knows whether something is held.
    stored.status === undefined || stored.status.held !== undefined
      ? readHeld(store, provider, signal)
      : none,
  ]);
  state.loaded = loaded;
  // It may have been read before the version that another run committed meanwhile.
  const held = isBefore(found, loaded) ? await readHeld(store, provider, signal) : found;
  state.held = held;
  state.damaged = loaded.damaged;

  await input.beforeListing?.(signal);
  const listing = await collectTargets(provider, input, loaded.groups, loaded.cursor);
  refuseBlindDrop(provider, loaded, listing, stored.status);
  const verdict = await passGate(provider, input, { loaded, listing, stored, held }, started);
  const { change, hold } = verdict;
  const proposal = hold && heldOf(hold, loaded.version);
  const known = stored.status?.files[0]?.largest;
  const factsWith = (lines: readonly string[]) => ({
    ...(proposal && { held: proposal }),
    ...(verdict.confirmed > 0 && { confirmed: verdict.confirmed }),
    ...markNew(lines, stored.status),
  });
  if (dryRun === true) return end('dry-run', { change, ...factsWith(listWarnings(listing.findings, known)) });

  const { damaged } = loaded;
  const isChanged = !isEmptyChange(change) || damaged !== undefined;
  const next = nextVersion(provider, loaded, listing, verdict, isChanged, now());
  if (isChanged) {
    const reason = damaged === undefined ? verdict.reason : 'rebuilt';
    if (!(await commitChange(provider, input, next, change, reason))) return end('superseded');
  }
  state.loaded = next;
  let storeId = input.storeId ?? stored.status?.store;
  const publishing = {
    ...input,
    storeId: async () => (storeId ??= await storeIdOf(store, signal)),
    announce: async () => {
      state.stored = await announceFile(provider, input, state.stored ?? stored);
    },
  };
  const published = await publishVersion(provider, publishing, next, stored.status, change);
  if (published === undefined) return end('superseded');
  state.loaded = published.loaded;
  await keepHold(provider, input, proposal, held);
  const warnings = listWarnings(listing.findings, published.files[0]?.largest);
  const facts = factsWith(warnings);
  const reportInput = storeId === undefined ? input : { ...input, storeId };
  const report: Report = {
    files: [...published.files],
    changed: isChanged,
    hold,
    backend: hold?.kind === 'backend' ? undefined : listing.listed.backend,
    confirmed: verdict.confirmed,
    warnings,
    damaged: damaged ?? stored.damaged ?? held.damaged,
  };
  const over = state.stored;
  await writeHeartbeat(provider, reportInput, started, over, factsOf(published.loaded), report);
  // What could not be removed now is so by a later cycle.
  if (isChanged && provider.journal !== undefined)
    await clearJournal(provider, next.version, provider.journal, { store, signal, now: now() }).catch(
      () => undefined,
    );
  if (isChanged) return end('published', { change, ...facts });
  if (hold !== undefined) return end('held', facts);
  return end(published.wrote ? 'healed' : 'unchanged', facts);
}

/** Where not even the target files can be read, nothing says which targets a short listing lacks. */
function refuseBlindDrop(
  { guard, ...id }: Provider,
  { damaged, groups }: Loaded,
  listing: Listing,
  status: Status | undefined,
): void {
  if (damaged === undefined || groups.size > 0 || status === undefined) return;
  const live = countTargets(listing.groups);
  const isDrop = losesTooMany(status.targets - live, status.targets, guard);
  if (status.targets === 0 || (live > 0 && !isDrop)) return;
  throw new MusterError(
    'storage',
    `${damaged}; the published list cannot be read either, and the listing has ${live} targets instead of ${status.targets}: nothing is published; delete ${statusKey(id)} to publish the listing as it is`,
  );
}

interface Known {
  readonly loaded: Loaded;
  readonly listing: Listing;
  readonly stored: StoredStatus;
  readonly held: StoredHeld;
}

/** The gate's verdict; where a provider's own rules let a drop pass, that of several providers together. */
async function passGate(
  provider: Provider,
  input: CycleInput,
  { loaded, listing, stored, held }: Known,
  started: Date,
): Promise<Verdict> {
  const { guard } = provider;
  const now = input.now();
  const gate: GateInput = {
    config: guard,
    published: loaded.groups,
    listing: listing.groups,
    listed: listing.listed,
    backend: stored.status?.backend ?? loaded.backend,
    memory: isBefore(held, loaded) ? undefined : held.held?.memory,
    peak: peakWithin(loaded.steps, now.getTime(), guard.confirm_after),
    elapsed: elapsedSince(stored.status, started),
    now,
  };
  const verdict = judge(gate);
  const live = countTargets(listing.groups);
  const removed = Math.max(0, verdict.peak - live);
  const isWaved = verdict.reason !== 'discovered' || acceptanceAt(gate.memory, now) !== undefined;
  if (verdict.hold !== undefined || removed === 0 || verdict.removed === 0 || isWaved) return verdict;
  if (input.dryRun === true || input.hasOthers !== true) return verdict;
  const { job, provider: name, server = name } = provider;
  const drop = { job, provider: name, server, removed, peak: verdict.peak };
  const { forbidden } = await addDrop(drop, { store: input.store, config: guard, now, signal: input.signal });
  return forbidden === undefined ? verdict : judge({ ...gate, sum: forbidden });
}

/**
 * Whether the list has changed since without a word on what is held, as when a run died: a target that was missing then
 * may have been back, and is not to leave sooner for it.
 */
function isBefore({ held }: StoredHeld, { version }: Loaded): boolean {
  return held !== undefined && held.version < version - 1;
}

/** Milliseconds since the last complete listing; 0 where a cycle failed in between, or a clock went back. */
function elapsedSince(status: Status | undefined, started: Date): number {
  if (status?.last_success === undefined || status.failures > 0) return 0;
  return Math.max(0, started.getTime() - Date.parse(status.last_success));
}

/** The list after the verdict, not yet published. */
function nextVersion(
  { guard }: Provider,
  loaded: Loaded,
  { groups: listed, listed: { cursor, backend = loaded.backend } }: Listing,
  { groups, hold, before }: Verdict,
  isChanged: boolean,
  now: Date,
): Loaded {
  const isForeign = hold?.kind === 'backend';
  if (!isChanged) return isForeign ? loaded : { ...loaded, cursor };
  const { version, steps, checkpoint } = loaded;
  const counts = { now: now.getTime(), window: guard.confirm_after, before, after: countTargets(listed) };
  return {
    version: version + 1,
    groups,
    cursor: isForeign ? loaded.cursor : cursor,
    backend: isForeign ? loaded.backend : backend,
    steps: stepsAfter(steps, counts),
    checkpoint,
  };
}

/** Writes what is held into the store, or takes away what was. */
async function keepHold(
  provider: Provider,
  { store, signal }: CycleInput,
  proposal: HeldDocument | undefined,
  { etag }: StoredHeld,
): Promise<void> {
  if (proposal !== undefined) await writeHeld(store, provider, proposal, etag, signal);
  // What another run wrote meanwhile stays.
  else if (etag !== undefined) await deleteSeen(store, heldKey(provider), etag, signal);
}

function factsOf({ version, groups }: Loaded): ListFacts {
  return { version, groups: groups.size, targets: countTargets(groups) };
}
