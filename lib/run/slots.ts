import type { Loaded } from '../cycle/load.ts';
import type { StoredStatus } from '../cycle/status.ts';

/** What comes round again and again: the cycle of a provider, or that of a kube-state output. */
export interface Round {
  /** Of the provider's status, or of the output. */
  readonly key: string;
  /** Whom it asks: those of one server share slots. */
  readonly server: string;
  /** Those of one group start together, and take one slot; absent, it starts alone. */
  readonly group?: string | undefined;
  /** Milliseconds between two cycles. */
  readonly refreshInterval: number;
  /** Milliseconds between two cycles while something is held, so that a drop is confirmed or ends in time. */
  readonly heldInterval: number;
  /** Milliseconds that a listing may take. */
  readonly deadline: number;
}

/** What is known of the cycles under one key. Times are of the monotonic clock, which nobody sets. */
export interface Slot {
  startedAt: number;
  endedAt: number;
  running: boolean;
  /** With which others it was started: those of one group take one slot. */
  start?: symbol | undefined;
  held: boolean;
  /** Targets of its list, as far as they are known. */
  targets: number;
  /** Cycles in a row that ended by their deadline. */
  timeouts: number;
  server: string;
  warm?: Loaded | undefined;
  /** The status that its last cycle wrote. */
  reported?: StoredStatus | undefined;
}

/** Cycles under way at once: in all, for servers that did not answer last time, and for one server. */
const most = { all: 64, hung: 48, server: 8, hungServer: 2 } as const;

/** Milliseconds: a deadline is not shortened below this. */
const shortestDeadline = 5_000;

/** A slot for what has never run. */
export function newSlot(server: string): Slot {
  const never = Number.NEGATIVE_INFINITY;
  return { startedAt: never, endedAt: never, running: false, held: false, targets: 0, timeouts: 0, server };
}

/** What a look at all rounds came to. */
interface Choice<R extends Round> {
  /** What starts now; those of one group together. */
  readonly groups: readonly (readonly R[])[];
  /** Others are due too, and found no place. */
  readonly isMoreDue: boolean;
}

/**
 * Which rounds start now, those of one group together, the longest overdue first, so that slow ones do not keep others
 * from their turn. Nor does a server that hangs: it has two slots, and all such servers together leave some to those
 * that answer. A group takes along who is due soon, so that its rounds find together again.
 */
export function chooseRounds<R extends Round>(
  rounds: readonly R[],
  slotOf: (round: R) => Slot,
  slots: Iterable<Slot>,
  now: number,
): Choice<R> {
  const due: { readonly round: R; readonly at: number }[] = [];
  for (const round of rounds) {
    const slot = slotOf(round);
    const at = dueAt(round, slot);
    if (at <= now && !slot.running) due.push({ round, at });
  }
  if (due.length === 0) return { groups: [], isMoreDue: false };
  // Two that never ran compare as NaN, which sorts as equal.
  due.sort((a, b) => a.at - b.at || 0);

  const known = [...slots];
  const hung = hungServers(known);
  const perServer = new Map<string, number>();
  const starts = new Map<symbol | Slot, string>();
  for (const slot of known) if (slot.running) starts.set(slot.start ?? slot, slot.server);
  for (const server of starts.values()) perServer.set(server, (perServer.get(server) ?? 0) + 1);
  let all = starts.size;
  let waiting = [...starts.values()].filter((server) => hung.has(server)).length;

  let isMoreDue = false;
  const chosen = new Map<string | R, R[]>();
  for (const { round } of due) {
    const group = round.group ?? round;
    if (chosen.has(group)) continue;
    const isHung = hung.has(round.server);
    const own = perServer.get(round.server) ?? 0;
    const isFull = all >= most.all || own >= (isHung ? most.hungServer : most.server);
    if (isFull || (isHung && waiting >= most.hung)) {
      isMoreDue = true;
      continue;
    }
    chosen.set(group, round.group === undefined ? [round] : []);
    perServer.set(round.server, own + 1);
    all++;
    if (isHung) waiting++;
  }
  for (const round of rounds) {
    const mates = round.group === undefined ? undefined : chosen.get(round.group);
    if (mates === undefined) continue;
    const slot = slotOf(round);
    if (!slot.running && dueAt(round, slot) <= now + round.refreshInterval / 2) mates.push(round);
  }
  return { groups: [...chosen.values()], isMoreDue };
}

/** Those whose last cycle ended by its deadline. */
function hungServers(slots: readonly Slot[]): ReadonlySet<string> {
  if (!slots.some(({ timeouts }) => timeouts > 0)) return new Set();
  const last = new Map<string, Slot>();
  for (const slot of slots)
    if (slot.endedAt >= (last.get(slot.server)?.endedAt ?? Number.NEGATIVE_INFINITY))
      last.set(slot.server, slot);
  return new Set([...last.values()].filter(({ timeouts }) => timeouts > 0).map(({ server }) => server));
}

function dueAt({ refreshInterval, heldInterval }: Round, { startedAt, held }: Slot): number {
  return startedAt + (held ? Math.min(refreshInterval, heldInterval) : refreshInterval);
}

/**
 * Milliseconds that the next listing may take: of one that ended by its deadline half of the last time's. Each fourth
 * try has all of it again, since a server can be slow without hanging.
 */
export function deadlineOf({ deadline }: Round, { timeouts }: Slot): number {
  return Math.min(deadline, Math.max(shortestDeadline, deadline / 2 ** (timeouts % 4)));
}

/** Milliseconds between two cycles while something is held: a fifth of the time after which it counts as confirmed. */
export function heldInterval(confirmAfter: number): number {
  return Math.max(60_000, confirmAfter / 5);
}
