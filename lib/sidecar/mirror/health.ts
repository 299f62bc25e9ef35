import type { MusterError } from '../../base/errors.ts';

/** An answer to a probe: whether all is well, and one line that says why or why not. */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
}

/** What the probes answer. */
export interface Probes {
  /** Red when no round has succeeded for `staleAfter`; a single failure is not worth a restart. */
  live(): Verdict;
  /** Green after the first complete round while no job is incomplete: stale targets are better than none, a part is not. */
  ready(): Verdict;
}

/** Knows how fresh the folder is. */
export interface Health extends Probes {
  /** Records a round that ended: its first error, if any, and which job is incomplete, if one is. */
  record(error: MusterError | undefined, incomplete?: string): void;
  /** Whether a round without error has ended, so that everything missing is known. */
  hasSucceeded(): boolean;
}

/** When a folder counts as stale. */
export interface HealthOptions {
  /** Milliseconds. */
  readonly staleAfter: number;
  /** Milliseconds of a clock which never jumps. */
  readonly now?: (() => number) | undefined;
}

/** The health of a mirror that has done no round yet. */
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
 * The health of all together. Red when not one of them is fresh: a restart mends none of them, and one account that
 * is down must not stop the others. Ready when all are.
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
