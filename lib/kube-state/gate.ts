import type { HeldOutput } from './status.ts';

/** When the gate holds a text that lost samples. */
export interface OutputGate {
  /** Share of a family's samples, 0 to 1, that may disappear at once. */
  readonly max_removed: number;
  /** Families with fewer samples are not judged. */
  readonly min_targets: number;
  /** Milliseconds for which a loss must be seen before it is published. */
  readonly confirm_after: number;
  /** The same when all samples of a family disappeared. */
  readonly confirm_empty_after: number | 'never';
}

/** The gate of every output. */
export const outputGate: OutputGate = {
  max_removed: 0.5,
  min_targets: 10,
  confirm_after: 15 * 60_000,
  confirm_empty_after: 60 * 60_000,
};

/** Milliseconds for which an output must be missing from the configuration before it is retired. */
export const retireOutputAfter = 15 * 60_000;

/** Milliseconds for which an operator's acceptance is valid. */
export const acceptedFor = 60 * 60_000;

/** The name under which all samples of an output are judged as one family. */
export const allSamples = '*';

/** Counts of one family in an output. */
export interface FamilyCount {
  readonly samples: number;
  /** Objects that could have samples of the family. */
  readonly objects: number;
}

/** The most families whose counts are kept. Custom resources may define any number. */
const mostFamilies = 1000;

/**
 * Returns the sample counts by which the next text is judged: those of all samples, and those of each family that has a
 * sample for every object. Other families vary with the state of objects, such as waiting pods and failed jobs.
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

/** Pass, with the losses that time confirmed or an operator accepted; or hold, with the part of the status that says so. */
export type OutputVerdict =
  | { readonly pass: true; readonly confirmed?: string | undefined; readonly accepted?: string | undefined }
  | { readonly pass: false; readonly held: HeldOutput };

/** What the gate judges. */
export interface JudgeInput {
  /** Name of the output's object, for the message. */
  readonly output: string;
  readonly gate: OutputGate;
  /** Sample counts of the published text, by family. */
  readonly before: Readonly<Record<string, number>>;
  /** Counts of the new text; an absent family has no samples. */
  readonly after: ReadonlyMap<string, FamilyCount>;
  /** What the status says about the last hold. */
  readonly held: HeldOutput | undefined;
  /** Milliseconds since the last complete listing; 0 if a cycle has failed since, or if it is unknown. */
  readonly gap: number;
  readonly now: Date;
}

/**
 * Judges a new text by the families that lost more than the gate allows. A loss passes when listings have shown it for long
 * enough. A gap between two listings counts for at most half of that time, so it takes at least three listings. An
 * operator's acceptance passes the losses that it was given for, and no further loss. Pure: no I/O.
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
    const acceptedAt = accepted ? ownValue(held?.accepted?.families ?? {}, family) : undefined;
    return [
      {
        ...{ family, wait, isConfirmed: waited >= atLeast },
        isAccepted: acceptedAt !== undefined && left >= acceptedAt * (1 - gate.max_removed),
        record: { since: known?.since ?? now.toISOString(), waited, before: had, after: left },
      },
    ];
  });
  const open = losses.filter(({ isConfirmed, isAccepted }) => !isConfirmed && !isAccepted);
  if (open.length === 0) {
    const confirmedLosses = losses.filter(({ isAccepted }) => !isAccepted);
    const acceptedLosses = losses.filter(({ isAccepted }) => isAccepted);
    return {
      pass: true,
      ...(confirmedLosses.length > 0 && { confirmed: describeLosses(confirmedLosses) }),
      ...(acceptedLosses.length > 0 && { accepted: describeLosses(acceptedLosses) }),
    };
  }
  const waits = open.map(({ wait }) => (wait === 'never' ? Number.POSITIVE_INFINITY : wait));
  const minutes = Math.max(...waits) / 60_000;
  const until = Number.isFinite(minutes) ? `until it was seen for ${minutes}m, or ` : 'until ';
  return {
    pass: false,
    held: {
      since: held?.since ?? now.toISOString(),
      message: `samples gone: ${describeLosses(open)}: the last good text stays ${until}"muster accept --kube-state ${output}"`,
      families: Object.fromEntries(losses.map(({ family, record }) => [family, record])),
      ...(accepted && held?.accepted && { accepted: held.accepted }),
    },
  };
}

interface Loss {
  readonly family: string;
  readonly record: { readonly before: number; readonly after: number };
}

/** One line with the largest losses. */
function describeLosses(losses: readonly Loss[]): string {
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
