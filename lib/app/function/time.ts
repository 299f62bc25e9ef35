/** The time that an invocation has. Times are Unix milliseconds. */
export interface InvocationTime {
  readonly startedAt: number;
  /** Until then a listing must be whole: a margin is kept to publish and to write the status. */
  readonly listUntil: Date;
  /** Fires just before the platform ends the invocation, so that this is told to the log. */
  readonly signal: AbortSignal;
}

/** Milliseconds that are left to log and to flush metrics. */
const lastWords = 200;

/** Shares the milliseconds that the platform leaves: of a short time a third is margin, of a long one ten seconds. */
export function shareTime(remaining: number, now = Date.now()): InvocationTime {
  const margin = Math.min(Math.max(500, remaining / 3), 10_000);
  return {
    startedAt: now,
    listUntil: new Date(now + Math.max(0, remaining - margin)),
    signal: AbortSignal.timeout(Math.max(0, Math.floor(remaining - lastWords))),
  };
}

/** Milliseconds since a time, ISO 8601; undefined for one in the future, which a wrong clock wrote, or has here. */
export function ageOf(time: string, now = Date.now()): number | undefined {
  const age = now - Date.parse(time);
  return age >= 0 ? age : undefined;
}
