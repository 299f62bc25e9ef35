import * as z from 'zod';
import { decodeDocument, parseJson } from '../discovery/document.ts';
import { maxStatusBytes, type Status, statusSchema } from '../discovery/status.ts';
import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';

/** What is wrong with a status: there is none, it cannot be read, a later Muster wrote it, or its time lies in the future. */
export const statusProblems = ['missing', 'unreadable', 'newer', 'clock'] as const;
export type StatusProblem = (typeof statusProblems)[number];

/** What the mirror keeps of a status. Times are milliseconds of Unix time. */
export interface Heartbeat {
  readonly etag: string | undefined;
  readonly problem?: StatusProblem;
  readonly lastSuccess?: number;
  readonly lastAttempt?: number;
  /** When the list last changed. */
  readonly lastChange?: number;
  /** Targets that the gate keeps published although the listing lacks them. */
  readonly held?: number;
  /** Cycles that failed in a row, and why the last one did. */
  readonly failures?: number;
  readonly errorKind?: string;
  readonly damaged?: boolean;
  /** Targets that left after a hold, and when. */
  readonly confirmed?: { readonly at: number; readonly targets: number };
}

/** Reads a status again, or only hears that it is what it was. Throws what the store throws. */
export async function readHeartbeat(
  store: ObjectStore,
  key: string,
  known: Heartbeat | undefined,
  signal: AbortSignal,
): Promise<Heartbeat> {
  const condition = known?.etag === undefined ? {} : { ifNoneMatch: known.etag };
  try {
    const found = await store.get(key, { maxBytes: maxStatusBytes, signal, ...condition });
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

/** Whatever a later Muster adds, it will tell this. */
const ofAnySchema = z.looseObject({ last_success: z.iso.datetime().optional() });

function briefOf(status: Status): Omit<Heartbeat, 'etag' | 'problem'> {
  const { last_success, last_attempt, last_change, held, failures, error, damaged, confirmed } = status;
  return {
    lastAttempt: Date.parse(last_attempt),
    failures,
    damaged: damaged !== undefined,
    ...(last_success !== undefined && { lastSuccess: Date.parse(last_success) }),
    ...(last_change !== undefined && { lastChange: Date.parse(last_change) }),
    ...(held !== undefined && { held: held.targets }),
    ...(error !== undefined && { errorKind: error.kind }),
    ...(confirmed && { confirmed: { at: Date.parse(confirmed.at), targets: confirmed.targets } }),
  };
}
