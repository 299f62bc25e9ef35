import { decidedBy, type Pin, type Rejected } from './control.ts';
import type { HoldKind } from './status.ts';

/** Why single targets or labels are held, rather than a whole list. */
export type TargetHold = Exclude<HoldKind, 'backend' | 'pinned'>;

/** What the message of a hold counts. */
export interface HoldFacts {
  /** Targets that stay although they are not listed. */
  readonly kept: number;
  /** Targets that the listing has. */
  readonly listed: number;
  /** Most targets that were listed lately. */
  readonly peak: number;
  /** Names of the labels that no listed target has. */
  readonly labels: readonly string[];
  /** What the listing says of itself: why it is filtered, or why it did not see all. */
  readonly reason: string;
  /** Who rejected the removals, if anyone did. */
  readonly rejected: Rejected | undefined;
  /** Milliseconds that a target has to be missing, and those that have passed; undefined: until it is accepted. */
  readonly wait: { readonly needed: number; readonly passed: number } | undefined;
}

/** Why the gate holds targets or labels, and for how long: one line for a person, without a command. */
export function holdMessage(kind: TargetHold, facts: HoldFacts): string {
  const { kept, listed, peak, labels, reason } = facts;
  const stay = `${kept} ${kept === 1 ? 'target stays' : 'targets stay'} published ${untilText(facts, 'they have been missing')}`;
  switch (kind) {
    case 'empty':
      return `the listing is empty: ${stay}`;
    case 'drop':
      return `the listing fell from ${peak} to ${listed} targets: ${stay}`;
    case 'job':
    case 'server':
    case 'store': {
      const whole = { job: 'this job', server: 'this backend server', store: 'the store' }[kind];
      return `the targets of all providers of ${whole} fell too far at once: ${stay}`;
    }
    case 'disjoint':
      return `no address of the published list is listed any more: ${stay}`;
    case 'filtered':
    case 'unseen':
      return `${reason}: ${stay}`;
    case 'rejected':
      return `the removal was rejected${facts.rejected === undefined ? '' : decidedBy(facts.rejected)}: ${kept} ${kept === 1 ? 'target stays' : 'targets stay'} published until listed again or accepted`;
    case 'labels':
      return `no listed target has ${shortList(labels)}, which nearly all published ones have: the old labels stay ${untilText(facts, 'that lasts')}`;
  }
}

/** Why a whole list is held: other backend names answer than those that the published list came from. */
export function backendMessage(
  answering: readonly string[],
  published: readonly string[],
  count: number,
): string {
  return `another backend answers (${shortList(answering)} instead of ${shortList(published)}): the published list of ${count} targets stays until the other is accepted`;
}

/** Why a pinned list stays as it is, and what the cycle would do to it. */
export function pinnedMessage(pin: Pin, would: string): string {
  const until = pin.until === undefined ? 'until it is unpinned' : `until ${pin.until}`;
  return `the list is pinned${decidedBy(pin)} ${until}: this cycle would ${would}`;
}

function untilText({ wait }: HoldFacts, what: string): string {
  if (wait === undefined) return 'until they are accepted';
  return `until ${what} for ${durationText(wait.needed)} (${durationText(wait.passed)} so far)`;
}

function durationText(milliseconds: number): string {
  return milliseconds < 60_000
    ? `${Math.round(milliseconds / 1000)}s`
    : `${Math.round(milliseconds / 6000) / 10}m`;
}

function shortList(names: readonly string[]): string {
  const rest = names.length - 3;
  return `${names.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
