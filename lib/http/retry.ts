import type { MusterError } from '../errors.ts';

/** When and how long a client waits before it tries again. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly retries: number;
  /** Milliseconds; doubled with each attempt. */
  readonly backoffMs: number;
  /** Longest wait in milliseconds; a server that asks for more is given up on. */
  readonly maxDelayMs: number;
  /** Milliseconds since 1970 at which the cycle ends; a wait beyond it is not begun. */
  readonly deadline?: number;
}

const retriedStatuses: readonly (number | undefined)[] = [429, 502, 503, 504];

/** Whether the same request may do better in a moment: no answer, a cut one, or a server that is busy or restarting. */
export function mayPass(error: MusterError): boolean {
  return (
    retriedStatuses.includes(error.status) || (error.kind === 'unreachable' && error.status === undefined)
  );
}

/**
 * Milliseconds to wait before attempt `attempt + 1`, or undefined when it is not worth it. Exponential backoff with
 * full jitter; a Retry-After is waited out in full, with the jitter on top so that clients do not come back as one.
 */
export function retryDelay(
  attempt: number,
  retryAfter: string | undefined,
  policy: RetryPolicy,
  now: number,
  random: number,
): number | undefined {
  if (attempt > policy.retries) return undefined;
  const asked = retryAfterMs(retryAfter, now);
  if (asked > policy.maxDelayMs) return undefined;
  const delay = asked + random * Math.min(policy.backoffMs * 2 ** (attempt - 1), policy.maxDelayMs);
  return policy.deadline !== undefined && now + delay >= policy.deadline ? undefined : delay;
}

/** Retry-After in milliseconds, from its seconds or its date (RFC 9110, 10.2.3); 0 where it says nothing usable. */
export function retryAfterMs(retryAfter: string | undefined, now: number): number {
  const text = retryAfter?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
