import * as z from 'zod';

/** Who decided something, and why. */
interface Decision {
  /** When, ISO 8601. */
  readonly at: string;
  /** The version that records it. */
  readonly version: number;
  /** A person or an identity of AWS. */
  readonly by: string;
  readonly why?: string | undefined;
}

/** Cycles publish nothing. */
export interface Pin extends Decision {
  /** When it ends, ISO 8601; undefined: with `unpin`. */
  readonly until?: string | undefined;
}

/** Removals that nobody wants: time does not confirm them. */
export interface Rejected extends Decision {
  /** Ids of the targets or, where they are very many, their sources. */
  readonly ids: readonly string[];
  /** Names of labels whose loss is not wanted. */
  readonly labels?: readonly string[] | undefined;
  /** Names of a backend whose list is not wanted. */
  readonly backend?: readonly string[] | undefined;
}

/** What operators have decided of a provider. It travels with the versions: by the journal and the snapshot. */
export interface Control {
  readonly pin?: Pin | undefined;
  readonly rejected?: Rejected | undefined;
  /** The last rollback: what the gate remembered before it is over. */
  readonly rollback?: (Decision & { readonly to: number }) | undefined;
}

/** What an entry of the journal says of it. */
export interface ControlRecord {
  /** `lapse`: a cycle found that a pin has ended, or that the backend has what was rejected again. */
  readonly action: 'rollback' | 'pin' | 'unpin' | 'reject' | 'lapse';
  readonly by: string;
  readonly why?: string | undefined;
  /** What is in force from this version on. */
  readonly state: Control;
}

/** No decision is in force. */
export const noControl: Control = {};

const names = z.array(z.string());
const time = z.iso.datetime();
const decision = { at: time, version: z.int(), by: z.string(), why: z.string().optional() };

/** The state as snapshots and journal entries hold it. */
export const controlSchema = z.object({
  pin: z.object({ ...decision, until: time.optional() }).optional(),
  rejected: z
    .object({ ...decision, ids: names, labels: names.optional(), backend: names.optional() })
    .optional(),
  rollback: z.object({ ...decision, to: z.int() }).optional(),
});

/** A decision as journal entries hold it. */
export const controlRecordSchema = z.object({
  action: z.enum(['rollback', 'pin', 'unpin', 'reject', 'lapse']),
  by: z.string(),
  why: z.string().optional(),
  state: controlSchema,
});

/**
 * The `schema` of a document with this state. A Muster that does not know pins would publish over one: it is to refuse
 * the document, and so leaves the list as it is.
 */
export function schemaOf({ pin, rejected }: Control): 1 | 2 {
  return pin === undefined && rejected === undefined ? 1 : 2;
}

/** The pin, while it is in force. */
export function pinAt({ pin }: Control, now: Date): Pin | undefined {
  return pin?.until === undefined || now.getTime() < Date.parse(pin.until) ? pin : undefined;
}

/** Whether the removal of a target is rejected. */
export function isRejected(rejected: Rejected | undefined, id: string, source: string): boolean {
  if (rejected === undefined) return false;
  const ids = idsOf(rejected);
  return ids.has(id) || ids.has(source);
}

const known = new WeakMap<Rejected, ReadonlySet<string>>();

function idsOf(rejected: Rejected): ReadonlySet<string> {
  const ids = known.get(rejected) ?? new Set(rejected.ids);
  known.set(rejected, ids);
  return ids;
}

/** What is left of a rejection: of these targets, labels and backend. The same object where that is all of it. */
export function keepRejected(
  rejected: Rejected | undefined,
  still: {
    readonly targets: Iterable<{ readonly id: string; readonly source: string }>;
    readonly labels: readonly string[] | undefined;
    readonly backend: readonly string[] | undefined;
  },
): Rejected | undefined {
  if (rejected === undefined) return undefined;
  const ids = idsOf(rejected);
  const left = new Set<string>();
  for (const { id, source } of still.targets) {
    if (ids.has(id)) left.add(id);
    if (ids.has(source)) left.add(source);
  }
  const labels = rejected.labels !== undefined && isSame(rejected.labels, still.labels);
  const backend = rejected.backend !== undefined && isSame(rejected.backend, still.backend);
  const isAll =
    left.size === ids.size &&
    labels === (rejected.labels !== undefined) &&
    backend === (rejected.backend !== undefined);
  if (isAll) return rejected;
  if (left.size === 0 && !labels && !backend) return undefined;
  const { at, version, by, why } = rejected;
  return {
    ...{ at, version, by, why },
    ids: [...left],
    ...(labels && { labels: rejected.labels }),
    ...(backend && { backend: rejected.backend }),
  };
}

/** Whether two lists have the same names, in any order. */
export function isSame(a: readonly string[], b: readonly string[] | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((name) => b.includes(name));
}

/** The state that a cycle leaves; the same object where it is as it was. */
export function nextControl(control: Control, rejected: Rejected | undefined, now: Date): Control {
  const pin = pinAt(control, now);
  // What is proposed while nothing is published is not the last word.
  const left = pin === undefined ? rejected : control.rejected;
  if (pin === control.pin && left === control.rejected) return control;
  return { pin, rejected: left, rollback: control.rollback };
}

/** Who and why, in words: ` by ann (bad deploy)`. */
export function decidedBy({ by, why }: Pick<Decision, 'by' | 'why'>): string {
  return ` by ${by}${why === undefined ? '' : ` (${why})`}`;
}
