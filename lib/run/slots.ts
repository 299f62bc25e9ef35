import type { Loaded } from '../cycle/load.ts';

/** What comes round again and again: the cycle of a provider, or that of a kube-state output. */
export interface Round {
  /** Of the provider's status, or of the output. */
  readonly key: string;
  /** Whom it asks: those of one server share slots. */
  readonly server: string;
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
  held: boolean;
  /** Cycles in a row that ended by their deadline. */
  timeouts: number;
  server: string;
  warm?: Loaded | undefined;
}

/** Cycles under way at once: in all, for servers that did not answer last time, and for one server. */
const most = { all: 64, hung: 48, server: 8, hungServer: 2 } as const;

/** Milliseconds: a deadline is not shortened below this. */
const shortestDeadline = 5_000;

/** A slot for what has never run. */
export function newSlot(server: string): Slot {
  const never = Number.NEGATIVE_INFINITY;
  return { startedAt: never, endedAt: never, running: false, held: false, timeouts: 0, server };
}

/**
 * Which rounds start now, the longest overdue first, so that slow ones do not keep others from their turn. Nor does a
 * server that hangs: it has two slots, and all such servers together leave some to those that answer.
 */
export function chooseRounds<R extends Round>(
  rounds: readonly R[],
  slotOf: (round: R) => Slot,
  slots: Iterable<Slot>,
  now: number,
): readonly R[] {
  const known = [...slots];
  const hung = hungServers(known);
  const running = known.filter((slot) => slot.running);
  const perServer = new Map<string, number>();
  for (const { server } of running) perServer.set(server, (perServer.get(server) ?? 0) + 1);
  let all = running.length;
  let waiting = running.filter(({ server }) => hung.has(server)).length;

  const due = rounds
    .map((round) => ({ round, at: dueAt(round, slotOf(round)) }))
    .filter(({ round, at }) => at <= now && !slotOf(round).running)
    // Two that never ran compare as NaN, which sorts as equal.
    .sort((a, b) => a.at - b.at || 0);
  return due.flatMap(({ round }) => {
    const isHung = hung.has(round.server);
    const own = perServer.get(round.server) ?? 0;
    const isFull = all >= most.all || own >= (isHung ? most.hungServer : most.server);
    if (isFull || (isHung && waiting >= most.hung)) return [];
    perServer.set(round.server, own + 1);
    all++;
    if (isHung) waiting++;
    return [round];
  });
}

/** Those whose last cycle ended by its deadline. */
function hungServers(slots: readonly Slot[]): ReadonlySet<string> {
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
