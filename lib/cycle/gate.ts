import { countTargets, type Groups, sortGroups } from '../targets/canonical.ts';
import { type Change, diffGroups } from '../targets/diff.ts';
import type { Listed } from '../targets/discover.ts';
import { addressLabel } from '../targets/group.ts';
import { type Guard, losesTooMany } from '../targets/guard.ts';
import { isRejected, isSame, keepRejected, type Rejected } from './control.ts';
import { backendMessage, holdMessage, type TargetHold } from './hold-message.ts';
import { type Accepted, acceptanceAt, type Mark, type Memory, markOf } from './memory.ts';
import {
  addressesOf,
  type ComparedTarget,
  type Comparison,
  compareTargets,
  countLabels,
  withoutTargets,
  withTargets,
} from './missing.ts';
import type { HoldKind } from './status.ts';

/** What the gate judges. */
export interface GateInput {
  readonly config: Guard;
  /** What the target files hold. */
  readonly published: Groups;
  readonly listing: Groups;
  /** What the listing says of itself. */
  readonly listed: Listed;
  /** Names of the backend that the published list came from; empty if unknown. */
  readonly backend: readonly string[];
  /** What an earlier listing held. */
  readonly memory: Memory | undefined;
  /** Most targets that were listed within the last `confirm_after`, as far as is known. */
  readonly peak: number;
  /** Milliseconds since the last complete listing; 0 where a cycle failed in between. */
  readonly elapsed: number;
  readonly now: Date;
  /** Removals that an operator has rejected. */
  readonly rejected?: Rejected | undefined;
  /** A sum of several providers that would shrink too much with this one. */
  readonly sum?: SumKind | undefined;
}

/** Which providers are judged together. */
export type SumKind = 'job' | 'server' | 'store';

/** What the gate says. */
export interface Verdict {
  /** The list to publish: the listing, and with it the published targets that are held. */
  readonly groups: Groups;
  /** What turns the published list into it. */
  readonly change: Change;
  readonly reason: 'discovered' | 'confirmed' | 'accepted';
  readonly hold: Hold | undefined;
  /** Published targets that leave now. */
  readonly removed: number;
  /** Of these, those that were held and leave without an operator. */
  readonly confirmed: number;
  /** Published targets without those that are held or were found to be gone for good. */
  readonly before: number;
  /** Most targets that were listed lately. */
  readonly peak: number;
  /** What is still missing of the removals that an operator has rejected. */
  readonly rejected: Rejected | undefined;
}

/** What is held, and what has to be remembered of it. */
export interface Hold {
  readonly kind: HoldKind;
  readonly memory: Memory;
  /** Published targets that stay although they are not listed. */
  readonly targets: readonly ComparedTarget[];
  /** Targets that the listing has. */
  readonly listed: number;
  /** Milliseconds until the first leaves, if the listings stay as they are; undefined: not by itself. */
  readonly wait: number | undefined;
  /** One line for a person, without a command. */
  readonly message: string;
}

/**
 * Decides what of a listing is published. New targets and new labels pass. Published targets that are not listed leave
 * at once, unless a rule holds them (`ruleOf`): then each leaves when it has been missing from complete listings for
 * `confirm_after`, or when an operator accepts this very target. A list of another backend, and one that loses a
 * label, are held whole. What an operator has rejected is held until it is listed again or accepted.
 */
export function judge(input: GateInput): Verdict {
  const { published, listing, listed, rejected } = input;
  const accepted = acceptanceOf(input);
  const isForeign = isOther(input.backend, listed.backend);
  const isTaken = isForeign && !isOther(accepted?.backend, listed.backend, 'unknown differs');
  if (isForeign && !isTaken) return holdBackend(input, listed.backend ?? []);

  const difference = diffGroups(published, listing);
  // Where groups only came, nothing is missing: a first list is not read target by target.
  const isGrown = difference.removed.size + difference.changed.size === 0;
  const { missing, gained } = isGrown ? nothing : compareTargets(difference);
  const count = countTargets(published);
  const held = missing.filter(({ id, source }) => markOf(input.memory, id, source) !== undefined).length;
  const peak = Math.max(input.peak, input.memory?.peak ?? 0, count - held);
  const kind = isTaken ? undefined : ruleOf(input, missing, gained.length, peak);
  const fate = decide(input, missing, kind, accepted);
  const labels = isTaken ? {} : lostLabels(input, difference, accepted);

  const groups =
    labels.held === undefined
      ? withTargets(listing, fate.kept, published)
      : withTargets(withoutTargets(published, fate.leaving), gained, listing);
  const isAccepted = isTaken || fate.accepted > 0 || labels.passed === 'accepted';
  const isConfirmed = fate.confirmed > 0 || labels.passed === 'confirmed';
  return {
    groups: groups === listing ? listing : sortGroups(groups),
    change: groups === listing ? difference : diffGroups(published, groups),
    reason: isAccepted ? 'accepted' : isConfirmed ? 'confirmed' : 'discovered',
    hold: holdOf(input, { kind, fate, labels: labels.held, accepted, gained, peak }),
    removed: fate.leaving.length,
    confirmed: fate.confirmed,
    before: count - fate.kept.length - fate.confirmed - fate.accepted,
    peak,
    rejected: keepRejected(rejected, { targets: fate.kept, labels: labels.held?.names, backend: undefined }),
  };
}

const nothing: Comparison = { missing: [], gained: [] };

/** An acceptance, while it is in force; a later rejection has taken it back. */
export function acceptanceOf({ memory, rejected, now }: GateInput): Accepted | undefined {
  const accepted = acceptanceAt(memory, now);
  const isBefore = rejected !== undefined && (accepted?.version ?? 0) < rejected.version;
  return isBefore ? undefined : accepted;
}

/** Why removals wait, if they do. The first rule that fits counts. */
function ruleOf(
  input: GateInput,
  missing: readonly ComparedTarget[],
  gained: number,
  peak: number,
): TargetHold | undefined {
  if (missing.length === 0) return undefined;
  const { config, listing, listed, memory, sum } = input;
  const live = countTargets(listing);
  if (live === 0) return 'empty';
  if (losesTooMany(peak - live, peak, config)) return 'drop';
  // A rollout replaces what it takes away; a registry that lost its half gets a few new ones all the same.
  if (losesTooMany(missing.length, peak, config) && 2 * gained < missing.length) return 'drop';
  if (sum !== undefined) return sum;
  if (isDisjoint(input, missing)) return 'disjoint';
  if (listed.filtered !== undefined) return 'filtered';
  // These do not end with the next listing, which is compared with a list that already has the new targets.
  const lasting =
    memory?.kind === 'disjoint' ||
    memory?.kind === 'job' ||
    memory?.kind === 'server' ||
    memory?.kind === 'store';
  return lasting && missing.some(({ id, source }) => markOf(memory, id, source) !== undefined)
    ? memory.kind
    : undefined;
}

/** What becomes of the missing targets. */
interface Fate {
  readonly leaving: readonly ComparedTarget[];
  readonly kept: readonly ComparedTarget[];
  readonly marks: ReadonlyMap<string, Mark>;
  /** Of those that leave: how many had waited long enough, and how many an operator accepted. */
  readonly confirmed: number;
  readonly accepted: number;
}

function decide(
  input: GateInput,
  missing: readonly ComparedTarget[],
  kind: TargetHold | undefined,
  acceptance: Accepted | undefined,
): Fate {
  const { listed, memory, now } = input;
  const wait = waitOf(input, kind);
  const leaving: ComparedTarget[] = [];
  const kept: ComparedTarget[] = [];
  const marks = new Map<string, Mark>();
  let [confirmed, accepted] = [0, 0];
  for (const target of missing) {
    const mark = markOf(memory, target.id, target.source);
    const isUnseen = listed.unseen?.(target.source) !== undefined;
    const isNot = isRejected(input.rejected, target.id, target.source);
    const isHeld = isUnseen || isNot || (kind !== undefined && memory?.fresh.has(target.id) !== true);
    const isAccepted = mark?.accepted === true && acceptance !== undefined;
    const waited = mark === undefined || isNot ? 0 : mark.waited + (isUnseen ? 0 : stepOf(input, wait));
    const isOver = mark !== undefined && !isUnseen && !isNot && waited >= wait;
    if (isHeld && !isAccepted && !isOver) {
      kept.push(target);
      marks.set(target.id, { since: mark?.since ?? now.toISOString(), waited });
    } else {
      leaving.push(target);
      if (isAccepted) accepted += 1;
      else if (isHeld) confirmed += 1;
    }
  }
  return { leaving, kept, marks, confirmed, accepted };
}

function waitOf({ config }: GateInput, kind: TargetHold | undefined): number {
  if (kind !== 'empty') return config.confirm_after;
  return config.confirm_empty_after === 'never' ? Number.POSITIVE_INFINITY : config.confirm_empty_after;
}

/** Half of the wait at most: the first listing begins to count, so that three listings must agree. */
function stepOf({ elapsed }: GateInput, wait: number): number {
  return Math.min(Math.max(0, elapsed), wait / 2);
}

/** No target of a long list is left, and nothing else says whether the same backend answered. */
function isDisjoint(
  { config, published, listing, listed, backend }: GateInput,
  missing: readonly ComparedTarget[],
): boolean {
  if (backend.length > 0 && (listed.backend?.length ?? 0) > 0) return false;
  const enough = Math.max(1, config.min_targets);
  const count = countTargets(published);
  if (count < enough || countTargets(listing) < enough || missing.length < count) return false;
  const addresses = addressesOf(listing);
  return ![...addressesOf(published)].some((address) => addresses.has(address));
}

/** Whether two backends have names but none in common. */
function isOther(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
  unknown?: 'unknown differs',
): boolean {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return unknown !== undefined;
  return !a.some((name) => b.includes(name));
}

function holdBackend(
  { published, listing, memory, now, backend, peak, rejected }: GateInput,
  names: readonly string[],
): Verdict {
  const count = countTargets(published);
  return {
    groups: published,
    change: diffGroups(published, published),
    reason: 'discovered',
    removed: 0,
    confirmed: 0,
    before: count,
    peak: Math.max(peak, memory?.peak ?? 0, count),
    // What this list lacks says nothing of the other one's targets.
    rejected:
      rejected?.backend === undefined || isSame(rejected.backend, names)
        ? rejected
        : { ...rejected, backend: undefined },
    hold: {
      kind: 'backend',
      targets: [],
      listed: countTargets(listing),
      wait: undefined,
      message: backendMessage(names, backend, count),
      memory: {
        kind: 'backend',
        at: now.toISOString(),
        peak: count,
        marks: new Map(),
        fresh: new Set(),
        backend: names,
      },
    },
  };
}

/**
 * Share of the published targets with a label. From this share on, the gate misses the label when no listed target has
 * it.
 */
const nearlyAll = 0.9;

/** Labels that are held, or why lost ones pass. */
interface LabelFate {
  readonly held?: NonNullable<Memory['labels']> | undefined;
  readonly passed?: 'confirmed' | 'accepted';
}

/** Labels that nearly all published targets carry and no listed one does, until that is confirmed or accepted. */
function lostLabels(input: GateInput, { changed, added }: Change, accepted: Accepted | undefined): LabelFate {
  const { config, published, listing, memory, now } = input;
  const count = countTargets(published);
  // A group that is as it was has its labels still, so that counting is worth it only where few are.
  const same = listing.size - changed.size - added.size;
  if (count < config.min_targets || listing.size === 0 || same > (1 - nearlyAll) * published.size) return {};
  const listed = countLabels(listing);
  const names = [...countLabels(published)]
    .filter(([name, carriers]) => carriers >= nearlyAll * count && !listed.has(name) && name !== addressLabel)
    .map(([name]) => name)
    .sort();
  if (names.length === 0) return {};
  if (names.every((name) => accepted?.labels?.includes(name))) return { passed: 'accepted' };
  const before = names.every((name) => memory?.labels?.names.includes(name)) ? memory?.labels : undefined;
  const isNot = input.rejected?.labels !== undefined && isSame(input.rejected.labels, names);
  const waited = before === undefined || isNot ? 0 : before.waited + stepOf(input, config.confirm_after);
  if (before !== undefined && waited >= config.confirm_after && !isNot) return { passed: 'confirmed' };
  return { held: { names, since: before?.since ?? now.toISOString(), waited } };
}

interface HoldInput {
  readonly kind: TargetHold | undefined;
  readonly fate: Fate;
  readonly labels: Memory['labels'];
  readonly accepted: Accepted | undefined;
  readonly gained: readonly ComparedTarget[];
  readonly peak: number;
}

function holdOf(
  input: GateInput,
  { kind, fate, labels, accepted, gained, peak }: HoldInput,
): Hold | undefined {
  const { kept, marks } = fate;
  if (kept.length === 0 && labels === undefined) return undefined;
  const { listed, now } = input;
  const live = countTargets(input.listing);
  const { rejected } = input;
  const isNot =
    labels === undefined
      ? kept.every(({ id, source }) => isRejected(rejected, id, source))
      : rejected?.labels !== undefined && isSame(rejected.labels, labels.names);
  const why = isNot ? 'rejected' : labels === undefined ? (kind ?? 'unseen') : 'labels';
  const wait = labels === undefined ? waitOf(input, kind) : input.config.confirm_after;
  const waited = labels === undefined ? longestWait(marks) : labels.waited;
  const isOpen = why === 'unseen' || isNot || wait === Number.POSITIVE_INFINITY;
  return {
    kind: why,
    targets: kept,
    listed: live,
    wait: isOpen ? undefined : wait - waited,
    message: holdMessage(why, {
      kept: kept.length,
      listed: live,
      peak,
      labels: labels?.names ?? [],
      reason:
        kept.map(({ source }) => listed.unseen?.(source)).find((text) => text !== undefined) ??
        listed.filtered ??
        '',
      rejected,
      wait: isOpen ? undefined : { needed: wait, passed: waited },
    }),
    memory: {
      kind: why,
      at: now.toISOString(),
      peak,
      marks,
      fresh: freshOf(input, gained, fate.leaving),
      labels,
      accepted,
    },
  };
}

function longestWait(marks: ReadonlyMap<string, Mark>): number {
  return marks.values().reduce((longest, { waited }) => Math.max(longest, waited), 0);
}

/** Ids that are remembered as fresh at most; a target beyond them is held like an old one. */
const mostFresh = 20_000;

/** What came since the hold began and has not left. */
function freshOf(
  { memory }: GateInput,
  gained: readonly ComparedTarget[],
  leaving: readonly ComparedTarget[],
): ReadonlySet<string> {
  const fresh = new Set(memory?.fresh);
  for (const { id } of leaving) fresh.delete(id);
  for (const { id } of gained) if (fresh.size < mostFresh) fresh.add(id);
  return fresh;
}
