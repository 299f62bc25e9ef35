import type { HoldKind } from './status.ts';

/** How long something has been held. */
export interface Mark {
  /** When a complete listing first lacked it, ISO 8601. */
  readonly since: string;
  /**
   * Milliseconds between complete listings that lacked it. What lies between a failed cycle and the next good one does
   * not count, and a single step counts for half of the wait at most: whatever the clock does, three listings agree.
   */
  readonly waited: number;
  /** An operator has accepted that it goes. */
  readonly accepted?: boolean;
}

/** An operator's acceptance: of the marked targets, and of the labels or the backend that were proposed. */
export interface Accepted {
  /** ISO 8601. */
  readonly at: string;
  /** When it ends, ISO 8601. */
  readonly until: string;
  /** Names of labels that may be lost. */
  readonly labels?: readonly string[];
  /** Names of the backend whose list may take the place of the published one. */
  readonly backend?: readonly string[];
}

/** What the gate remembers of a hold from one listing to the next. It starts again when it is lost. */
export interface Memory {
  readonly kind: HoldKind;
  /** When the last complete listing was seen, ISO 8601. */
  readonly at: string;
  /** Targets listed at the beginning. */
  readonly peak: number;
  /** Missing targets by their id or, where they are very many, by their source. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** Ids of targets that came while something was held: they leave when they go, or a busy cluster would pile them up. */
  readonly fresh: ReadonlySet<string>;
  /** Labels that would be lost. */
  readonly labels?: Mark & { readonly names: readonly string[] };
  /** Names of the other backend that now answers. */
  readonly backend?: readonly string[];
  readonly accepted?: Accepted;
}

/** The mark of a target: its own, or that of its source. */
export function markOf(memory: Memory | undefined, id: string, source: string): Mark | undefined {
  return memory?.marks.get(id) ?? memory?.marks.get(source);
}

/** The acceptance, unless it has ended. A time in the future beyond its length counts as ended: a clock was wrong. */
export function acceptanceAt(memory: Memory | undefined, now: Date): Accepted | undefined {
  const accepted = memory?.accepted;
  if (accepted === undefined) return undefined;
  const left = Date.parse(accepted.until) - now.getTime();
  return left > 0 && left <= acceptedFor + clockSkew ? accepted : undefined;
}

/** Milliseconds that an acceptance holds. */
export const acceptedFor = 60 * 60_000;

/** Milliseconds by which two machines' clocks may differ without being thought wrong. */
export const clockSkew = 5 * 60_000;

/** The memory after an operator has accepted all that it holds now. */
export function acceptAll(memory: Memory, now: Date): Memory {
  return {
    ...memory,
    marks: new Map([...memory.marks].map(([id, mark]) => [id, { ...mark, accepted: true }])),
    accepted: {
      at: now.toISOString(),
      until: new Date(now.getTime() + acceptedFor).toISOString(),
      ...(memory.labels && { labels: memory.labels.names }),
      ...(memory.backend && { backend: memory.backend }),
    },
  };
}

/** The memory with what another process accepted meanwhile. */
export function withAcceptance(memory: Memory, other: Memory): Memory {
  if (other.accepted === undefined) return memory;
  const marks = [...memory.marks].map(([id, mark]) => {
    const accepted = other.marks.get(id)?.accepted === true;
    return [id, accepted ? { ...mark, accepted } : mark] as const;
  });
  return { ...memory, marks: new Map(marks), accepted: other.accepted };
}
