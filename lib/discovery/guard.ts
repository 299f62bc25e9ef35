import { createHash } from 'node:crypto';
import { countTargets, type Groups } from '../target/canonical.ts';
import type { Change } from '../target/diff.ts';
import type { Held } from './status.ts';

/** When a shrinking list is held back. */
export interface GuardConfig {
  /** Share of the targets, 0 to 1, that may go at once. */
  readonly max_removed: number;
  /** Below this many targets only the loss of all of them is held. */
  readonly min_targets: number;
  /** Cycles in a row, the first counted, that must find the same before it is published. */
  readonly confirm_after: number;
}

/** What the guard says: publish, with the reason to record; or hold, with what the status shall say. */
export type Verdict =
  | { readonly pass: true; readonly reason: 'discovered' | 'confirmed' | 'accepted' }
  | { readonly pass: false; readonly held: Held };

export interface GuardInput {
  readonly config: GuardConfig;
  readonly change: Change;
  /** How many targets are published now. */
  readonly before: number;
  readonly after: Groups;
  /** What the last cycle held. */
  readonly held: Held | undefined;
  readonly now: Date;
}

/**
 * Judges a change by its drop in the number of targets: a rollout which replaces every target at once passes, a
 * half-broken API which lost them does not. Cycles are equal when the same groups and targets are missing. An
 * operator's acceptance makes the accepted count the one that further drops are measured from.
 */
export function judgeChange({ config, change, before, after, held, now }: GuardInput): Verdict {
  const count = countTargets(after);
  if (!isMassDrop(config, before, count)) return { pass: true, reason: 'discovered' };
  const accepted = held?.accepted_targets;
  if (accepted !== undefined && !isMassDrop(config, accepted, count))
    return { pass: true, reason: 'accepted' };
  const digest = digestMissing(change);
  const cycles = held?.digest === digest ? held.cycles + 1 : 1;
  if (cycles >= config.confirm_after) return { pass: true, reason: 'confirmed' };
  return {
    pass: false,
    held: {
      since: held?.since ?? now.toISOString(),
      cycles,
      digest,
      targets_before: before,
      targets_after: count,
      message:
        `${before - count} of ${before} targets gone: held until ${config.confirm_after} cycles in a row agree ` +
        `(${cycles} so far), or "muster accept"`,
      ...(accepted === undefined ? {} : { accepted_targets: accepted }),
    },
  };
}

function isMassDrop(config: GuardConfig, before: number, after: number): boolean {
  if (after >= before) return false;
  if (after === 0) return true;
  return before >= config.min_targets && before - after > config.max_removed * before;
}

/** Digest of what a change takes away: whole groups, and groups that shrank. What came new does not matter. */
function digestMissing(change: Change): string {
  const hash = createHash('sha256');
  for (const source of change.removed.keys()) hash.update(`removed ${JSON.stringify(source)}\n`);
  for (const [source, { before, after }] of change.changed) {
    if (after.targets < before.targets) hash.update(`shrank ${JSON.stringify(source)} to ${after.digest}\n`);
  }
  return hash.digest('hex');
}
