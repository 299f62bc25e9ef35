import type { MusterError } from '../../base/errors.ts';

/** The answer to a probe, with one line about the reason. */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** The probes of a mirror. */
export interface Probes {
  /** Fails when no round has succeeded for `staleAfter`: one failure is no reason for a restart. */
  live(): Verdict;
  /** Succeeds after the first complete round, unless a job is incomplete: old targets are better than none, a part is not. */
  ready(): Verdict;
}

/** The health of one mirror. */
export interface Health extends Probes {
  /** Records the end of a round: its first error, and one line about an incomplete job. */
  record(error: MusterError | undefined, incomplete?: string): void;
  /** Whether a round has ended without an error, so that everything missing is known. */
  hasSucceeded(): boolean;
}

/** The limit of `live`. */
export interface HealthOptions {
  /** Milliseconds without a good round after which `live` fails. */
  readonly staleAfter: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: (() => number) | undefined;
}

/** The health of a mirror before its first round. */
export function createHealth({ staleAfter, now = () => performance.now() }: HealthOptions): Health {
  let since = now();
  let succeeded = false;
  let lastError: MusterError | undefined;
  let lacking: string | undefined;
  const because = () => lastError?.message ?? (succeeded ? 'none has ended since' : 'none has ended yet');
  return {
    hasSucceeded: () => succeeded,
    record(error, incomplete) {
      lastError = error;
      lacking = incomplete;
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
      if (!succeeded) return { ok: false, reason: `no round has succeeded yet: ${because()}` };
      return lacking === undefined ? { ok: true, reason: 'ok' } : { ok: false, reason: lacking };
    },
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}

/**
 * The health of several mirrors together. It is live while at least one of them is: one account that is down must not
 * stop the others. It is ready when all of them are.
 */
export function healthOf(sources: readonly { readonly name: string; readonly health: Health }[]): Probes {
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return only.health;
  const verdicts = (probe: 'live' | 'ready') =>
    sources.map(({ name, health }) => ({ name, ...health[probe]() }));
  const reasonOf = (all: ReturnType<typeof verdicts>) => {
    const odd = all.filter(({ reason }) => reason !== 'ok').map(({ name, reason }) => `${name}: ${reason}`);
    return odd.length === 0 ? 'ok' : odd.join('; ');
  };
  return {
    live() {
      const all = verdicts('live');
      return { ok: all.some(({ ok }) => ok), reason: reasonOf(all) };
    },
    ready() {
      const all = verdicts('ready');
      return { ok: all.every(({ ok }) => ok), reason: reasonOf(all) };
    },
  };
}
