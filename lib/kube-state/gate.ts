import type { HeldOutput } from './status.ts';

/** When text that has lost samples is held back. */
export interface OutputGate {
  /** Share of a family's samples, 0 to 1, that may go at once. */
  readonly max_removed: number;
  /** Samples below which a family is not judged. */
  readonly min_targets: number;
  /** Milliseconds for which a loss has to be seen before it is published. */
  readonly confirm_after: number;
  /** The same where all samples of a family have gone. */
  readonly confirm_empty_after: number | 'never';
}

/** The gate of every output. */
export const outputGate: OutputGate = {
  max_removed: 0.5,
  min_targets: 10,
  confirm_after: 15 * 60_000,
  confirm_empty_after: 60 * 60_000,
};

/** Milliseconds for which an output has to be out of the configuration before it is retired. */
export const retireOutputAfter = 15 * 60_000;

/** Milliseconds for which an operator's word holds. */
export const acceptedFor = 60 * 60_000;

/** Stands for all samples of an output, as if they were one family. */
export const allSamples = '*';

/** What of an output there is of one family. */
export interface FamilyCount {
  readonly samples: number;
  /** Objects that could have had samples of it. */
  readonly objects: number;
}

/** Families whose counts are kept; a custom resource configuration may make any number. */
const mostFamilies = 1000;

/**
 * The samples by which the next text is judged: of families that had one for each object, since others come and go with
 * what objects do (a pod that waits, a job that failed), and of all together.
 */
export function judgedCounts(families: ReadonlyMap<string, FamilyCount>): Readonly<Record<string, number>> {
  const steady = [...families].filter(([, { samples, objects }]) => samples > 0 && samples >= objects);
  const largest = steady.sort(([, a], [, b]) => b.samples - a.samples).slice(0, mostFamilies);
  const total = [...families.values()].reduce((sum, { samples }) => sum + samples, 0);
  return Object.fromEntries([
    [allSamples, total],
    ...largest.map(([name, { samples }]): [string, number] => [name, samples]),
  ]);
}

/** Publish, with what was lost on whose word; or hold, with what the status shall say. */
export type OutputVerdict =
  | { readonly pass: true; readonly confirmed?: string | undefined; readonly accepted?: string | undefined }
  | { readonly pass: false; readonly held: HeldOutput };

export interface JudgeInput {
  readonly output: string;
  readonly gate: OutputGate;
  /** Of the published text. */
  readonly before: Readonly<Record<string, number>>;
  /** Of the new text; a family that is not there has none. */
  readonly after: ReadonlyMap<string, FamilyCount>;
  /** What the last listing held. */
  readonly held: HeldOutput | undefined;
  /** Milliseconds since the last whole listing; 0 where a cycle failed since, or nobody knows. */
  readonly gap: number;
  readonly now: Date;
}

/**
 * Judges a text by the families that lost more than the gate allows. A loss passes once the listings that saw it have
 * waited for long enough, of which no gap between two counts for more than half: at least three. An operator's word
 * passes what it was given for and no further loss.
 */
export function judgeOutput({ output, gate, before, after, held, gap, now }: JudgeInput): OutputVerdict {
  const total = [...after.values()].reduce((sum, { samples }) => sum + samples, 0);
  const isLost = (had: number, left: number) =>
    had >= gate.min_targets && had - left > gate.max_removed * had;
  const accepted = held?.accepted !== undefined && Date.parse(held.accepted.until) > now.getTime();
  const losses = Object.entries(before).flatMap(([family, had]) => {
    const left = family === allSamples ? total : (after.get(family)?.samples ?? 0);
    if (!isLost(had, left)) return [];
    const wait = left > 0 ? gate.confirm_after : gate.confirm_empty_after;
    const atLeast = wait === 'never' ? Number.POSITIVE_INFINITY : wait;
    const known = held === undefined ? undefined : ownValue(held.families, family);
    const waited = known === undefined ? 0 : known.waited + Math.max(0, Math.min(gap, atLeast / 2));
    const promised = accepted ? ownValue(held?.accepted?.families ?? {}, family) : undefined;
    return [
      {
        ...{ family, wait, isConfirmed: waited >= atLeast },
        isAccepted: promised !== undefined && left >= promised * (1 - gate.max_removed),
        record: { since: known?.since ?? now.toISOString(), waited, before: had, after: left },
      },
    ];
  });
  const open = losses.filter(({ isConfirmed, isAccepted }) => !isConfirmed && !isAccepted);
  if (open.length === 0) {
    const byTime = losses.filter(({ isAccepted }) => !isAccepted);
    const byWord = losses.filter(({ isAccepted }) => isAccepted);
    return {
      pass: true,
      ...(byTime.length > 0 && { confirmed: told(byTime) }),
      ...(byWord.length > 0 && { accepted: told(byWord) }),
    };
  }
  const waits = open.map(({ wait }) => (wait === 'never' ? Number.POSITIVE_INFINITY : wait));
  const minutes = Math.max(...waits) / 60_000;
  const until = Number.isFinite(minutes) ? `until it was seen for ${minutes}m, or ` : 'until ';
  return {
    pass: false,
    held: {
      since: held?.since ?? now.toISOString(),
      message: `samples gone: ${told(open)}: the last good text stays ${until}"muster accept --kube-state ${output}"`,
      families: Object.fromEntries(losses.map(({ family, record }) => [family, record])),
      ...(accepted && held?.accepted && { accepted: held.accepted }),
    },
  };
}

interface Loss {
  readonly family: string;
  readonly record: { readonly before: number; readonly after: number };
}

/** The largest losses, for a line. */
function told(losses: readonly Loss[]): string {
  const largest = losses.toSorted((a, b) => b.record.before - a.record.before);
  const shown = largest.slice(0, 3).map(({ family, record: { before, after } }) => {
    const name = family === allSamples ? 'all together' : family;
    return `${name} ${before} -> ${after}`;
  });
  const rest = losses.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more families` : ''}`;
}

function ownValue<T>(values: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}
