import { MusterError, toMusterError } from '../base/errors.ts';
import { countTargets, type EncodedGroup, type Groups } from '../targets/canonical.ts';
import { isEmptyChange } from '../targets/diff.ts';
import { losesTooMany } from '../targets/guard.ts';
import { heldKey, statusKey } from '../targets/keys.ts';
import { fetchTexts, isLostBlock, readingTexts } from './blocks.ts';
import { collectTargets, type Listing, listWarnings, markNew } from './collect.ts';
import { nextControl, noControl, pinAt } from './control.ts';
import { deleteSeen } from './document.ts';
import { type GateInput, judge, type Verdict } from './gate.ts';
import { announceFile, type ListFacts, type Report, writeHeartbeat } from './heartbeat.ts';
import { type HeldDocument, heldOf, readHeld, type StoredHeld, writeHeld } from './held.ts';
import { clearJournal, commitChange, type Reason } from './journal.ts';
import { type Loaded, loadProvider } from './load.ts';
import { hasBlock, refuseLost, unknownGroups, withListed, withoutLost } from './lost.ts';
import { acceptanceAt, type Memory, peakWithin, stepsAfter } from './memory.ts';
import { storeIdOf } from './ownership.ts';
import { pinnedVerdict } from './pinned.ts';
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
  const state: State = { started };
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
      loaded: state.loaded,
      reported: state.reported,
      damaged,
      ...(outcome !== 'failed' && (status?.failures ?? 0) > 0 && { recovered: true }),
      ...lastSuccess(outcome, state, input),
      ...rest,
    };
  };
  try {
    return await runSteps(provider, input, state, end);
  } catch (cause) {
    // Found where one was needed: what else is gone is looked for before the targets are listed again.
    if (isLostBlock(cause) && input.findLost !== true)
      return runCycle(provider, { ...input, findLost: true, stored: undefined });
    const error = toMusterError(cause);
    await reportFailure(provider, input, state, error);
    return end('failed', { error });
  }
}

/** How far a cycle has come, so that a failure can be reported with what was known by then. */
interface State {
  readonly started: Date;
  loaded?: Loaded;
  stored?: StoredStatus;
  held?: StoredHeld | undefined;
  /** Why the history could not be used. */
  damaged?: string | undefined;
  /** The status that the cycle wrote in the end. */
  reported?: StoredStatus | undefined;
}

/** What a later Muster wrote is not touched, nor is the status beside it. */
async function reportFailure(
  provider: Provider,
  input: CycleInput,
  { started, loaded, stored }: State,
  error: MusterError,
): Promise<void> {
  if (stored === undefined || input.dryRun === true || error.kind === 'newer') return;
  const {
    version = 0,
    groups = 0,
    targets = 0,
  } = loaded === undefined || loaded.damaged !== undefined ? (stored.status ?? {}) : factsOf(loaded);
  // The cycle's own error is what counts; a status that cannot be written either is the same trouble.
  const list = { version, groups, targets };
  await writeHeartbeat(provider, input, stored, { started, list, error }).catch(() => undefined);
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
  state: State,
  end: (outcome: Outcome, rest?: Partial<CycleResult>) => CycleResult,
): Promise<CycleResult> {
  const { store, signal, dryRun, now } = input;
  const stored = input.stored ?? (await readStatus(store, provider, signal, input.reported));
  state.stored = stored;
  const none: StoredHeld = { held: undefined, etag: undefined };
  const [read, found] = await Promise.all([
    loadProvider(store, provider, { warm: input.warm, signal }),
    // Without a status nobody knows whether something is held.
    stored.status === undefined || stored.status.held !== undefined
      ? readHeld(store, provider, signal)
      : none,
  ]);
  const blocks = { store, id: provider, signal };
  const known = withKnownPin(read, stored.status);
  const isSound = input.findLost !== true && (await hasBlock(known, now, blocks));
  const sound = isSound ? known : await withoutLost(known, blocks);
  state.loaded = sound;
  // It may have been read before the version that another run committed meanwhile.
  const held = isBefore(found, sound) ? await readHeld(store, provider, signal) : found;
  state.held = held;
  state.damaged = sound.damaged;

  await input.beforeListing?.(signal);
  const listing = await collectTargets(provider, input, sound.groups, sound.cursor);
  const loaded = withListed(sound, listing.groups);
  refuseBlindDrop(provider, loaded, listing, stored.status);
  // What the gate compares: the texts of all else stay in their blocks.
  await fetchTexts(differing(loaded.groups, listing.groups), blocks);
  const verdict = await passGate(provider, input, { loaded, listing, stored, held }, state.started);
  if (loaded.lost !== undefined && isOtherList(verdict.hold)) throw unknownGroups(provider, loaded.lost);
  const { change, hold } = verdict;
  const proposal = hold && heldOf(hold, loaded.version);
  const largest = stored.status?.files[0]?.largest;
  const factsWith = (lines: readonly string[]) => ({
    requests: listing.listed.requests,
    held: proposal,
    ...(verdict.confirmed > 0 && { confirmed: verdict.confirmed }),
    ...markNew(lines, stored.status),
  });
  if (dryRun === true)
    return end('dry-run', { change, ...factsWith(listWarnings(listing.findings, largest)) });

  const { damaged } = loaded;
  const control = nextControl(loaded.control, verdict.rejected, now());
  const isLapsed = control !== loaded.control;
  const isChanged = !isEmptyChange(change) || damaged !== undefined || isLapsed;
  const following = isChanged
    ? nextVersion(provider, { loaded, listing }, verdict, now())
    : sameVersion(loaded, listing, verdict);
  const next = { ...following, control };
  if (isChanged) {
    const lapse = { action: 'lapse', by: 'the cycle', state: control } as const;
    // A rebuilt list has no entries before it that would say what is in force.
    const isNoted = isLapsed || (damaged !== undefined && control !== noControl);
    const reason: Reason = damaged === undefined ? verdict.reason : 'rebuilt';
    const entry = { change, reason, control: isNoted ? lapse : undefined } as const;
    if (!(await commitChange(provider, next, entry, input))) return end('superseded');
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
  const published = await publishVersion(provider, publishing, {
    loaded: next,
    change,
    status: stored.status,
  });
  if (published === undefined) return end('superseded');
  state.loaded = published.loaded;
  await keepHold(provider, input, proposal, held);
  const warnings = listWarnings(listing.findings, published.files[0]?.largest);
  const facts = factsWith(warnings);
  const reportInput = storeId === undefined ? input : { ...input, storeId };
  const report: Report = {
    started: state.started,
    list: factsOf(published.loaded),
    files: [...published.files],
    changed: isChanged,
    hold,
    backend: isOtherList(hold) ? undefined : listing.listed.backend,
    control,
    confirmed: verdict.confirmed,
    warnings,
    requests: listing.listed.requests,
    damaged: damaged ?? stored.damaged ?? held.damaged,
  };
  state.reported = await writeHeartbeat(provider, reportInput, state.stored, report);
  // What could not be removed now is so by a later cycle.
  if (isChanged && provider.journal !== undefined)
    await clearJournal(provider, next.version, provider.journal, { store, signal, now: now() }).catch(
      () => undefined,
    );
  if (isChanged) return end('published', { change, ...facts });
  if (hold !== undefined) return end('held', facts);
  return end(published.wrote ? 'healed' : 'unchanged', facts);
}

/** The groups that a listing lacks, or has otherwise. */
function differing(before: Groups, listing: Groups): readonly EncodedGroup[] {
  const found: EncodedGroup[] = [];
  for (const [source, group] of before) if (listing.get(source)?.digest !== group.digest) found.push(group);
  return found;
}

/** Where not even the target files can be read, nothing says which targets a short listing lacks. */
function refuseBlindDrop(
  { guard, ...id }: Provider,
  { damaged, groups, lost }: Loaded,
  listing: Listing,
  status: Status | undefined,
): void {
  if (damaged === undefined || status === undefined) return;
  if (lost !== undefined) {
    refuseLost(id, lost, listing, { guard, status });
    return;
  }
  if (groups.size > 0) return;
  const live = countTargets(listing.groups);
  const isDrop = losesTooMany(status.targets - live, status.targets, guard);
  if (status.targets === 0 || (live > 0 && !isDrop)) return;
  throw new MusterError(
    'storage',
    `${damaged}; the published list cannot be read either, and the listing has ${live} targets instead of ${status.targets}: nothing is published; delete ${statusKey(id)} to publish the listing as it is`,
    { code: 'unknown-history' },
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
  const pin = pinAt(loaded.control, now);
  const memory = isBefore(held, loaded) ? undefined : held.held?.memory;
  const gate: GateInput = {
    config: guard,
    published: loaded.groups,
    listing: listing.groups,
    listed: listing.listed,
    backend: stored.status?.backend ?? loaded.backend,
    memory,
    peak: peakWithin(loaded.steps, now.getTime(), guard.confirm_after),
    // The time under a pin does not count, nor does the cycle that finds it over.
    elapsed:
      loaded.control.pin === undefined
        ? Math.min(elapsedSince(stored.status, started), unseenSince(memory, now))
        : 0,
    rejected: loaded.control.rejected,
    now,
  };
  const from = { store: input.store, id: provider, signal: input.signal };
  const reading = (work: () => Verdict) => readingTexts([loaded.groups, listing.groups], from, work);
  const verdict = await reading(() => judge(gate));
  if (pin !== undefined) return reading(() => pinnedVerdict(pin, verdict, gate));
  const live = countTargets(listing.groups);
  const removed = Math.max(0, verdict.peak - live);
  const isWaved = verdict.reason !== 'discovered' || acceptanceAt(gate.memory, now) !== undefined;
  if (verdict.hold !== undefined || removed === 0 || verdict.removed === 0 || isWaved) return verdict;
  const notes = input.dryRun === true ? input.dropNotes : input.store;
  if (notes === undefined || input.hasOthers !== true) return verdict;
  const { job, provider: name, server = name } = provider;
  const drop = { job, provider: name, server, removed, peak: verdict.peak };
  const { forbidden } = await addDrop(drop, { store: notes, config: guard, now, signal: input.signal });
  return forbidden === undefined ? verdict : reading(() => judge({ ...gate, sum: forbidden }));
}

/**
 * Whether the list has changed since without a word on what is held, as when a run died: a target that was missing then
 * may have been back, and is not to leave sooner for it.
 */
function isBefore({ held }: StoredHeld, { version, control }: Loaded): boolean {
  // A rollback brings back what had come and gone since, so that nothing of it is known any more.
  return held !== undefined && held.version < Math.max(version - 1, control.rollback?.version ?? 0);
}

/** Where the history is damaged, the status may know of a pin: damage does not end it. */
function withKnownPin(loaded: Loaded, status: Status | undefined): Loaded {
  const { control, damaged, version } = loaded;
  const pinned = status?.pinned;
  if (damaged === undefined || control.pin !== undefined || pinned === undefined) return loaded;
  const { since: at, until, by, why } = pinned;
  return { ...loaded, control: { ...control, pin: { at, until, by, why, version } } };
}

/** Whether the listing is not the one that is published, so that what it says of itself is not that one's. */
function isOtherList(hold: Verdict['hold']): boolean {
  return hold?.kind === 'backend' || hold?.kind === 'pinned';
}

/** Milliseconds since the last complete listing; 0 where a cycle failed in between, or a clock went back. */
function elapsedSince(status: Status | undefined, started: Date): number {
  if (status?.last_success === undefined || status.failures > 0) return 0;
  return Math.max(0, started.getTime() - Date.parse(status.last_success));
}

/**
 * Milliseconds that the memory of a hold does not count yet: it is newer than the status where a run died between them.
 */
function unseenSince(memory: Memory | undefined, now: Date): number {
  return memory === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now.getTime() - Date.parse(memory.at));
}

/** The list that stays as it is; only the cursor goes on. */
function sameVersion(loaded: Loaded, { listed }: Listing, { hold }: Verdict): Loaded {
  return isOtherList(hold) ? loaded : { ...loaded, cursor: listed.cursor };
}

/** The list after the verdict, not yet published. */
function nextVersion(
  { guard }: Provider,
  { loaded, listing }: Pick<Known, 'loaded' | 'listing'>,
  { groups, hold, before }: Verdict,
  now: Date,
): Loaded {
  const {
    groups: listed,
    listed: { cursor, backend = loaded.backend },
  } = listing;
  const isForeign = isOtherList(hold);
  const { version, steps, control, checkpoint } = loaded;
  const counts = { now: now.getTime(), window: guard.confirm_after, before, after: countTargets(listed) };
  return {
    version: version + 1,
    groups,
    cursor: isForeign ? loaded.cursor : cursor,
    backend: isForeign ? loaded.backend : backend,
    steps: isForeign ? steps : stepsAfter(steps, counts),
    control,
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
  if (proposal !== undefined) await writeHeld(provider, proposal, etag, { store, signal });
  // What another run wrote meanwhile stays.
  else if (etag !== undefined) await deleteSeen(store, heldKey(provider), etag, signal);
}

function factsOf({ version, groups }: Loaded): ListFacts {
  return { version, groups: groups.size, targets: countTargets(groups) };
}
