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

/** The age of a mirrored provider, by its status in the store when it was last read. */
export interface ProviderAge extends ProviderId {
  /**
   * Time of its last success or, where the status has none, of this mirror's first sight; milliseconds of Unix time.
   */
  readonly lastSuccess: number;
  readonly stale: boolean;
  /** Why it is stale: `old`, or what is wrong with its status; undefined if it is not stale. */
  readonly reason: StatusProblem | 'old' | undefined;
  /** What else the status says; undefined if it cannot be read. */
  readonly heartbeat: Heartbeat | undefined;
}

/** The ages of all mirrored providers. */
export interface Freshness {
  /** One for each mirrored file. */
  readonly ages: readonly ProviderAge[];
  /** Why statuses could not be read; the ages are then those of the last reading. */
  readonly error: MusterError | undefined;
}

/** The store of the statuses, and the age at which a provider is stale. */
export interface FreshnessOptions {
  readonly store: ObjectStore;
  /** Milliseconds since its last success after which a provider is stale. */
  readonly staleAfter: number;
  /** Milliseconds of Unix time. */
  readonly now?: (() => number) | undefined;
  /** Milliseconds of a clock that never jumps. */
  readonly elapsed?: (() => number) | undefined;
}

/**
 * Follows the heartbeats of all mirrored providers with few requests. A healthy one is read again only after half of
 * `staleAfter`, since it cannot be stale before; one call reads at most 50. A provider without a readable status is
 * stale: silence must not look like health. The returned function never throws.
 */
export function createFreshness(options: FreshnessOptions) {
  const { store, staleAfter, now = Date.now, elapsed = () => performance.now() } = options;
  const known = new Map<string, Known>();
  const seen = new Map<string, FirstSeen>();
  return async (owned: Owned, signal: AbortSignal): Promise<Freshness> => {
    const ids = providersByStatusKey(owned, seen, now());
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
        // A status that was never read is no sign of health.
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

/** Requests at a time. */
const parallel = 4;
/** Requests in one call. */
const mostReads = 50;
const unreadable: Heartbeat = { etag: undefined, problem: 'unreadable' };

interface Known {
  readonly heartbeat: Heartbeat;
  /** When it was read, in milliseconds of a clock that never jumps. */
  readonly at: number;
}

/** When this mirror first saw the object that a file is made of. */
interface FirstSeen {
  readonly etag: string | undefined;
  readonly at: number;
}

/** The mirrored providers by the key of their status; updates `seen`. */
function providersByStatusKey(
  owned: Owned,
  seen: Map<string, FirstSeen>,
  now: number,
): ReadonlyMap<string, ProviderId> {
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
  // A provider in trouble is read more often, so that its recovery shows soon.
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
  // Even the status of a newer Muster has the last success.
  const isKnown = problem === undefined || (problem === 'newer' && heartbeat?.lastSuccess !== undefined);
  if (!isKnown) return problem;
  if (lastSuccess > now + clockSkew) return 'clock';
  if (now - lastSuccess >= staleAfter) return problem ?? 'old';
  return undefined;
}

/** What is wrong with a status: it is missing or unreadable, a newer Muster wrote it, or its time is in the future. */
const statusProblems = ['missing', 'unreadable', 'newer', 'clock'] as const;
type StatusProblem = (typeof statusProblems)[number];

/** The fields of a status that the mirror keeps. Times are milliseconds of Unix time. */
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
  /** Cycles that failed in a row, and the kind of the last error. */
  readonly failures?: number | undefined;
  readonly errorKind?: string | undefined;
  readonly damaged?: boolean | undefined;
  /** Requests that the last whole listing cost the backend. */
  readonly requests?: number | undefined;
  /** Targets that left after a hold, and when. */
  readonly confirmed?: { readonly at: number; readonly targets: number } | undefined;
}

/** Reads a status if it has changed. Throws what the store throws. */
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
    return { etag, problem: 'newer', lastSuccess: timeOf(found) };
  }
}

/** The field that a status of any newer schema has. */
const ofAnySchema = z.looseObject({ last_success: z.iso.datetime().optional() });

function briefOf(status: Status): Omit<Heartbeat, 'etag' | 'problem'> {
  const { last_success, last_attempt, last_change, failures, error, damaged, requests, confirmed } = status;
  const { held, pinned, rejected } = status;
  return {
    lastAttempt: Date.parse(last_attempt),
    failures,
    damaged: damaged !== undefined,
    requests,
    lastSuccess: timeOf(last_success),
    lastChange: timeOf(last_change),
    // What a pin keeps is another matter, with an alert of its own.
    held: held?.kind === 'pinned' ? undefined : held?.targets,
    pinned: pinned !== undefined,
    rejected: rejected?.targets,
    errorKind: error?.kind,
    confirmed: confirmed && { at: Date.parse(confirmed.at), targets: confirmed.targets },
  };
}

/** Milliseconds of Unix time. */
function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
