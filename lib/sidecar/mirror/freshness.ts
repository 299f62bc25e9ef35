import * as z from 'zod';
import { createLimit } from '../../base/concurrency.ts';
import { isMusterError, type MusterError, toMusterError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { decodeDocument } from '../../cycle/document.ts';
import { clockSkew, maxStatusBytes, type Status, statusSchema } from '../../cycle/status.ts';
import type { ObjectStore } from '../../store/store.ts';
import { type ProviderId, statusKey } from '../../targets/keys.ts';
import { idOfPath } from './plan.ts';
import type { Owned } from './state.ts';

/** How a mirrored provider does, by its status in the store as it was last read. */
export interface ProviderAge extends ProviderId {
  /** When its list was last whole or, where the status does not say, when this mirror first saw it; milliseconds of Unix time. */
  readonly lastSuccess: number;
  readonly stale: boolean;
  /** Why it is stale: `old`, or what is wrong with its status; undefined for one that is not. */
  readonly reason: StatusProblem | 'old' | undefined;
  /** What else the status says; undefined where there is none to read. */
  readonly heartbeat: Heartbeat | undefined;
}

/** The ages of all mirrored providers. */
export interface Freshness {
  /** One for each mirrored file. */
  readonly ages: readonly ProviderAge[];
  /** Why statuses could not be read, if so; what was known of them stands. */
  readonly error: MusterError | undefined;
}

/** Where the statuses are, and when a provider is stale. */
export interface FreshnessOptions {
  readonly store: ObjectStore;
  /** Milliseconds since its last success after which a provider is stale. */
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
  /** Milliseconds of a clock which never jumps. */
  readonly elapsed?: (() => number) | undefined;
}

/**
 * Follows the heartbeats of all mirrored providers with few requests: one that was well is read again only when half of
 * `staleAfter` is over, since it cannot be stale before; and each call reads a few at most. A provider whose
 * status says nothing is stale: silence must not look like health. Never throws.
 */
export function createFreshness(options: FreshnessOptions) {
  const { store, staleAfter, now = Date.now, elapsed = () => performance.now() } = options;
  const known = new Map<string, Known>();
  const seen = new Map<string, Sight>();
  return async (owned: Owned, signal: AbortSignal): Promise<Freshness> => {
    const ids = mirrored(owned, seen, now());
    for (const key of known.keys()) if (!ids.has(key)) known.delete(key);
    const isDue = (key: string) => mustRead(known.get(key), { staleAfter, now: now(), elapsed: elapsed() });
    const due = [...ids.keys()].filter(isDue).slice(0, mostReads);
    const limit = createLimit(parallel);
    let error: MusterError | undefined;
    const read = async (key: string) => {
      if (error !== undefined || signal.aborted) return;
      const before = known.get(key);
      try {
        known.set(key, {
          heartbeat: await readHeartbeat(store, key, before?.heartbeat, signal),
          at: elapsed(),
        });
      } catch (cause) {
        error = toMusterError(cause);
        // What was never read is no sign of health.
        if (before === undefined && !signal.aborted) known.set(key, { heartbeat: unreadable, at: elapsed() });
      }
    };
    await Promise.all(due.map((key) => limit(() => read(key))));
    const ages = [...ids].map(([key, id]) =>
      ageOf(id, known.get(key)?.heartbeat, seen.get(key)?.at ?? now(), { staleAfter, now: now() }),
    );
    return { ages, error: signal.aborted ? undefined : error };
  };
}

/** Requests at a time, and in one call. */
const parallel = 4;
const mostReads = 50;
const unreadable: Heartbeat = { etag: undefined, problem: 'unreadable' };

interface Known {
  readonly heartbeat: Heartbeat;
  /** Milliseconds of a clock which never jumps. */
  readonly at: number;
}

/** When this mirror first saw what a file was made of. */
interface Sight {
  readonly etag: string | undefined;
  readonly at: number;
}

/** The mirrored providers by the key of their status. */
function mirrored(owned: Owned, seen: Map<string, Sight>, now: number): ReadonlyMap<string, ProviderId> {
  const ids = new Map<string, ProviderId>();
  for (const [path, { facts, source }] of owned) {
    if (facts === undefined) continue;
    const id = idOfPath(path);
    const key = statusKey(id);
    ids.set(key, id);
    if (seen.get(key)?.etag !== source?.etag || !seen.has(key))
      seen.set(key, { etag: source?.etag, at: now });
  }
  for (const key of seen.keys()) if (!ids.has(key)) seen.delete(key);
  return ids;
}

function mustRead(
  known: Known | undefined,
  {
    staleAfter,
    now,
    elapsed,
  }: { readonly staleAfter: number; readonly now: number; readonly elapsed: number },
): boolean {
  if (known === undefined) return true;
  const { problem, lastSuccess = 0, held, pinned, failures = 0 } = known.heartbeat;
  const age = now - lastSuccess;
  // One that is not well is looked at more often, so that its recovery shows soon.
  const isWell =
    problem === undefined &&
    held === undefined &&
    pinned !== true &&
    failures === 0 &&
    age > -clockSkew &&
    age < staleAfter / 2;
  return !isWell && elapsed - known.at >= staleAfter / 20;
}

function ageOf(
  id: ProviderId,
  heartbeat: Heartbeat | undefined,
  firstSeen: number,
  { staleAfter, now }: { readonly staleAfter: number; readonly now: number },
): ProviderAge {
  const lastSuccess = heartbeat?.lastSuccess ?? firstSeen;
  const reason = whyStale(heartbeat, lastSuccess, now, staleAfter);
  const isRead = heartbeat !== undefined && heartbeat.problem === undefined;
  return {
    ...id,
    lastSuccess,
    stale: reason !== undefined,
    reason,
    heartbeat: isRead ? heartbeat : undefined,
  };
}

function whyStale(
  heartbeat: Heartbeat | undefined,
  lastSuccess: number,
  now: number,
  staleAfter: number,
): ProviderAge['reason'] {
  const { problem } = heartbeat ?? {};
  // The status of a newer Muster says at least this much.
  const isKnown = problem === undefined || (problem === 'newer' && heartbeat?.lastSuccess !== undefined);
  if (!isKnown) return problem;
  if (lastSuccess > now + clockSkew) return 'clock';
  if (now - lastSuccess >= staleAfter) return problem ?? 'old';
  return undefined;
}

/** What is wrong with a status: there is none, it cannot be read, a later Muster wrote it, or its time lies in the future. */
const statusProblems = ['missing', 'unreadable', 'newer', 'clock'] as const;
type StatusProblem = (typeof statusProblems)[number];

/** What the mirror keeps of a status. Times are milliseconds of Unix time. */
export interface Heartbeat {
  readonly etag: string | undefined;
  readonly problem?: StatusProblem | undefined;
  readonly lastSuccess?: number | undefined;
  readonly lastAttempt?: number | undefined;
  /** When the list last changed. */
  readonly lastChange?: number | undefined;
  /** Targets that the gate keeps published although the listing lacks them. */
  readonly held?: number | undefined;
  /** An operator has pinned the list. */
  readonly pinned?: boolean | undefined;
  /** Targets whose removal an operator has rejected. */
  readonly rejected?: number | undefined;
  /** Cycles that failed in a row, and why the last one did. */
  readonly failures?: number | undefined;
  readonly errorKind?: string | undefined;
  readonly damaged?: boolean | undefined;
  /** Targets that left after a hold, and when. */
  readonly confirmed?: { readonly at: number; readonly targets: number } | undefined;
}

/** Reads a status again, or only hears that it is what it was. Throws what the store throws. */
async function readHeartbeat(
  store: ObjectStore,
  key: string,
  known: Heartbeat | undefined,
  signal: AbortSignal,
): Promise<Heartbeat> {
  try {
    const found = await store.getIfChanged(key, known?.etag, { maxBytes: maxStatusBytes, signal });
    if (found === 'unchanged' && known !== undefined) return known;
    if (found === undefined || found === 'unchanged') return { etag: undefined, problem: 'missing' };
    return decodeHeartbeat(found.body, found.etag, key);
  } catch (error) {
    if (isMusterError(error, 'too-large')) return { etag: undefined, problem: 'unreadable' };
    throw error;
  }
}

function decodeHeartbeat(body: Uint8Array, etag: string, key: string): Heartbeat {
  try {
    return { etag, ...briefOf(decodeDocument(body, statusSchema, key)) };
  } catch (error) {
    if (!isMusterError(error, 'newer')) return { etag, problem: 'unreadable' };
    const found = ofAnySchema.safeParse(parseJson(new TextDecoder().decode(body))).data?.last_success;
    return { etag, problem: 'newer', ...(found !== undefined && { lastSuccess: Date.parse(found) }) };
  }
}

/** The field that a status of any later schema has. */
const ofAnySchema = z.looseObject({ last_success: z.iso.datetime().optional() });

function briefOf(status: Status): Omit<Heartbeat, 'etag' | 'problem'> {
  const { last_success, last_attempt, last_change, failures, error, damaged, confirmed } = status;
  const { held, pinned, rejected } = status;
  return {
    lastAttempt: Date.parse(last_attempt),
    failures,
    damaged: damaged !== undefined,
    ...(last_success !== undefined && { lastSuccess: Date.parse(last_success) }),
    ...(last_change !== undefined && { lastChange: Date.parse(last_change) }),
    // What a pin keeps is another matter, with an alert of its own.
    held: held?.kind === 'pinned' ? undefined : held?.targets,
    pinned: pinned === undefined ? undefined : true,
    rejected: rejected?.targets,
    errorKind: error?.kind,
    ...(confirmed && { confirmed: { at: Date.parse(confirmed.at), targets: confirmed.targets } }),
  };
}
