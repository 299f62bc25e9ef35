import type { MusterError } from '../errors.ts';

/** An answer to a probe: whether all is well, and one line that says why or why not. */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** What the probes answer. */
export interface Probes {
  /** Red when no round has succeeded for `staleAfter`; a single failure is not worth a restart. */
  live(): Verdict;
  /** Green after the first complete round, and for good: stale targets are better than none. */
  ready(): Verdict;
}

/** Knows how fresh the folder is. */
export interface Health extends Probes {
  /** Tells of a round that ended: its first error, or none. */
  record(error: MusterError | undefined): void;
}

export interface HealthOptions {
  /** Milliseconds. */
  readonly staleAfter: number;
  /** Milliseconds of a clock which never jumps. */
  readonly now?: () => number;
}

export function createHealth({ staleAfter, now = () => performance.now() }: HealthOptions): Health {
  let since = now();
  let succeeded = false;
  let lastError: MusterError | undefined;
  const because = () => lastError?.message ?? (succeeded ? 'none has ended since' : 'none has ended yet');
  return {
    record(error) {
      lastError = error;
      if (error !== undefined) return;
      since = now();
      succeeded = true;
    },
    live() {
      const age = now() - since;
      if (age >= staleAfter) {
        return { ok: false, reason: `no round has succeeded for ${seconds(age)} s: ${because()}` };
      }
      return { ok: true, reason: lastError === undefined ? 'ok' : `ok for now, but: ${because()}` };
    },
    ready() {
      return succeeded
        ? { ok: true, reason: 'ok' }
        : { ok: false, reason: `no round has succeeded yet: ${because()}` };
    },
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}
