import { countTargets, type Groups } from '../targets/canonical.ts';
import { type ChangeCounts, countChange, diffGroups } from '../targets/diff.ts';
import type { Pin } from './control.ts';
import { acceptanceOf, type GateInput, type Verdict } from './gate.ts';
import { pinnedMessage } from './hold-message.ts';
import { type Memory, markOf } from './memory.ts';
import { compareTargets } from './missing.ts';

/**
 * The verdict on a pinned list: nothing is published, and what the gate would have let pass is held with the rest. The
 * wait of missing targets does not go on meanwhile, so that the end of a pin takes nothing away by surprise.
 */
export function pinnedVerdict(pin: Pin, verdict: Verdict, input: GateInput): Verdict {
  const { published, listing, memory, now } = input;
  const still: Verdict = {
    ...verdict,
    ...{ groups: published, change: diffGroups(none, none), reason: 'discovered', removed: 0, confirmed: 0 },
    before: countTargets(published),
    hold: undefined,
  };
  const difference = diffGroups(published, listing);
  const counts = countChange(difference);
  if (difference.added.size + difference.removed.size + difference.changed.size === 0) return still;
  const { missing } = compareTargets(difference);
  const accepted = acceptanceOf(input);
  const marks = missing.map(({ id, source }) => {
    const mark = markOf(memory, id, source) ?? { since: now.toISOString(), waited: 0 };
    return [id, { ...mark, accepted: accepted === undefined ? undefined : mark.accepted }] as const;
  });
  const held = verdict.hold?.memory;
  const remembered: Memory = {
    kind: held?.kind ?? 'pinned',
    at: now.toISOString(),
    peak: verdict.peak,
    marks: new Map(marks),
    fresh: memory?.fresh ?? new Set(),
    labels: held?.labels,
    backend: held?.backend,
    accepted,
  };
  return {
    ...still,
    hold: {
      kind: 'pinned',
      memory: remembered,
      targets: missing,
      listed: countTargets(listing),
      wait: pin.until === undefined ? undefined : Date.parse(pin.until) - now.getTime(),
      message: pinnedMessage(pin, wouldText(counts)),
    },
  };
}

const none: Groups = new Map();

function wouldText({ added, removed, changed }: ChangeCounts): string {
  return `add ${added}, remove ${removed} and change ${changed} targets`;
}
