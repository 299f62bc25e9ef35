import { clockSkew, type HoldKind } from './status.ts';

/** How long something has been held. */
export interface Mark {
  /** When a complete listing first lacked it, ISO 8601. */
  readonly since: string;
  /**
   * Milliseconds between complete listings that lacked it. What lies between a failed cycle and the next good one does
   * not count, and a single step counts for half of the wait at most: even if the clock jumps, three listings agree.
   */
  readonly waited: number;
  /** An operator has accepted that it goes. */
  readonly accepted?: boolean | undefined;
}

/** An operator's acceptance: of the marked targets, and of the labels or the backend that were proposed. */
export interface Accepted {
  /** ISO 8601. */
  readonly at: string;
  /** When it ends, ISO 8601. */
  readonly until: string;
  /** Version of the list then: a later rejection takes it back. */
  readonly version?: number | undefined;
  /** Names of labels that may be lost. */
  readonly labels?: readonly string[] | undefined;
  /** Names of the backend whose list may take the place of the published one. */
  readonly backend?: readonly string[] | undefined;
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
  /**
   * Ids of targets that came while something was held: they leave when they go, or a busy cluster would pile them up.
   */
  readonly fresh: ReadonlySet<string>;
  /** Labels that would be lost. */
  readonly labels?: (Mark & { readonly names: readonly string[] }) | undefined;
  /** Names of the other backend that now answers. */
  readonly backend?: readonly string[] | undefined;
  readonly accepted?: Accepted | undefined;
}

/** The mark of a target: its own, or that of its source. */
export function markOf(memory: Memory | undefined, id: string, source: string): Mark | undefined {
  return memory?.marks.get(id) ?? memory?.marks.get(source);
}

/** The acceptance, while it is in force. */
export function acceptanceAt(memory: Memory | undefined, now: Date): Accepted | undefined {
  return isInForce(memory?.accepted?.until, now) ? memory?.accepted : undefined;
}

/** Whether an acceptance that ends `until` (ISO 8601) still holds. One that ends too late came from a wrong clock. */
export function isInForce(until: string | undefined, now: Date): boolean {
  const left = until === undefined ? 0 : Date.parse(until) - now.getTime();
  return left > 0 && left <= acceptedFor + clockSkew;
}

/** Milliseconds that an acceptance holds. */
export const acceptedFor = 60 * 60_000;

/** The memory after an operator has accepted all that it holds now. */
export function acceptAll(memory: Memory, version: number, now: Date): Memory {
  return {
    ...memory,
    marks: new Map([...memory.marks].map(([id, mark]) => [id, { ...mark, accepted: true }])),
    accepted: {
      at: now.toISOString(),
      until: new Date(now.getTime() + acceptedFor).toISOString(),
      version,
      labels: memory.labels?.names,
      backend: memory.backend,
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

/** How many targets a provider listed until a moment, when they became fewer. */
export interface Step {
  /** Milliseconds of Unix time. */
  readonly until: number;
  readonly targets: number;
}

/** Steps that are kept at most; of more the oldest ones merge, upwards. */
const mostSteps = 32;

/** The most targets that were listed at any time within the last `window` milliseconds, as far as the steps know. */
export function peakWithin(steps: readonly Step[], now: number, window: number): number {
  return Math.max(0, ...steps.filter(({ until }) => until > now - window).map(({ targets }) => targets));
}

/**
 * The steps after a list of `before` targets was replaced by one of `after` targets. Steps older than `window`
 * milliseconds are left out. A step that ends in the future came from a wrong clock: it ends now.
 */
export function stepsAfter(
  steps: readonly Step[],
  { now, window, before, after }: { now: number; window: number; before: number; after: number },
): readonly Step[] {
  const recent = steps
    .filter(({ until }) => until > now - window)
    .map(({ until, targets }) => ({ until: Math.min(until, now), targets }));
  if (before <= after) return recent;
  const higher = recent.filter(({ targets }) => targets > before);
  const surplus = higher.splice(0, Math.max(0, higher.length - mostSteps));
  const [oldest, ...rest] = higher;
  const merged =
    surplus.length === 0 || oldest === undefined
      ? higher
      : [{ until: oldest.until, targets: Math.max(...surplus.map(({ targets }) => targets)) }, ...rest];
  return [...merged, { until: now, targets: before }];
}
