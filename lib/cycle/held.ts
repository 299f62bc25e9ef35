import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { pack, unpack } from '../base/gzip-lines.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { LabelSet } from '../targets/group.ts';
import { heldKey, type ProviderId } from '../targets/keys.ts';
import { decodeDocument, labelSet } from './document.ts';
import type { Hold } from './gate.ts';
import { loadProvider } from './load.ts';
import { acceptAll, type Mark, type Memory, withAcceptance } from './memory.ts';
import type { ComparedTarget } from './missing.ts';
import { holdKinds } from './status.ts';

/** What the gate holds of a provider: its memory, and what a person wants to know of it. */
export interface HeldDocument {
  readonly memory: Memory;
  /** Version of the list that is published meanwhile. */
  readonly version: number;
  readonly message: string;
  /** A pin holds it, even if the gate would not. */
  readonly pinned?: boolean | undefined;
  /** How many targets are held. */
  readonly targets: number;
  /** Targets that the listing has. */
  readonly listed: number;
  /** The held targets, the first thousand of them. */
  readonly sample: readonly { readonly source: string; readonly labels: LabelSet }[];
}

/** The document together with the write that it was read from. */
export interface StoredHeld {
  readonly held: HeldDocument | undefined;
  readonly etag: string | undefined;
  /** Why it could not be read: the hold begins again. */
  readonly damaged?: string | undefined;
}

const time = z.iso.datetime();
const accepted = z.boolean().optional();
const names = z.array(z.string());

const schema = z.object({
  schema: z.literal(1),
  job: z.string(),
  provider: z.string(),
  kind: z.enum(holdKinds),
  at: time,
  version: z.int(),
  message: z.string(),
  pinned: z.boolean().optional(),
  targets: z.int(),
  listed: z.int(),
  peak: z.int(),
  marks: z.array(z.object({ id: z.string(), since: time, waited: z.number(), accepted })),
  fresh: names,
  labels: z.object({ names, since: time, waited: z.number() }).optional(),
  backend: names.optional(),
  accepted: z
    .object({
      at: time,
      until: time,
      version: z.int().optional(),
      labels: names.optional(),
      backend: names.optional(),
    })
    .optional(),
  sample: z.array(z.object({ source: z.string(), labels: labelSet })),
});

/** Marks of single targets at most; beyond that there is one for each group. */
const mostMarks = 20_000;
const mostSamples = 1000;
const widest: HeldBounds = { maxBytes: 16 << 20, maxUnpacked: 128 << 20 };

/** Bytes of what is held, as stored and unpacked. */
export interface HeldBounds {
  readonly maxBytes: number;
  readonly maxUnpacked: number;
}

/**
 * Reads what is held. What cannot be read counts as nothing held. Throws kind `newer` for a later Muster's, and
 * `too-large` beyond the bounds.
 */
export async function readHeld(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal | undefined,
  { maxBytes, maxUnpacked }: HeldBounds = widest,
): Promise<StoredHeld> {
  const key = heldKey(id);
  const found = await store.get(key, { maxBytes, signal });
  if (found === undefined) return { held: undefined, etag: undefined };
  try {
    return { held: await decodeHeld(found.body, key, maxUnpacked), etag: found.etag };
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    return { held: undefined, etag: found.etag, damaged: error.message };
  }
}

async function decodeHeld(body: Uint8Array, key: string, maxUnpacked: number): Promise<HeldDocument> {
  const text = await unpack(body, maxUnpacked).catch((cause: unknown) => {
    throw new MusterError('malformed', `${key} is not gzip, or has more than ${maxUnpacked} bytes`, {
      cause,
    });
  });
  const { version, message, pinned, targets, listed, sample, ...rest } = decodeDocument(text, schema, key);
  const { kind, at, peak, marks, fresh, labels, backend, accepted } = rest;
  const memory: Memory = {
    ...{ kind, at, peak },
    marks: new Map(marks.map(({ id, ...mark }) => [id, withoutUndefined(mark)])),
    fresh: new Set(fresh),
    labels,
    backend,
    accepted: accepted && acceptedOf(accepted),
  };
  return { memory, version, message, pinned, targets, listed, sample };
}

function withoutUndefined({
  since,
  waited,
  accepted,
}: {
  since: string;
  waited: number;
  accepted?: boolean | undefined;
}): Mark {
  return { since, waited, ...(accepted === true && { accepted }) };
}

function acceptedOf(accepted: NonNullable<z.infer<typeof schema>['accepted']>) {
  const { at, until, version, labels, backend } = accepted;
  return { at, until, version, labels, backend };
}

function encodeHeld({ job, provider }: ProviderId, held: HeldDocument): Promise<Uint8Array> {
  const { memory, ...facts } = held;
  const { marks, fresh, ...rest } = memory;
  const list = marks.size > mostMarks ? bySource(marks) : [...marks].map(([id, mark]) => ({ id, ...mark }));
  const document = { schema: 1, job, provider, ...rest, ...facts, marks: list, fresh: [...fresh] };
  return pack(Buffer.from(JSON.stringify(document)));
}

/** One mark for each source: the one that has waited least, so that no target leaves too early. */
function bySource(marks: ReadonlyMap<string, Mark>): readonly (Mark & { readonly id: string })[] {
  const sources = new Map<string, Mark>();
  for (const [id, mark] of marks) {
    const source = id.slice(0, id.lastIndexOf('\n'));
    const known = sources.get(source);
    if (known === undefined || mark.waited < known.waited) sources.set(source, mark);
  }
  return [...sources].map(([id, mark]) => ({ id, ...mark }));
}

/** The document of a hold. `version` is the published version of the list. */
export function heldOf({ kind, memory, message, targets, listed }: Hold, version: number): HeldDocument {
  const pinned = kind === 'pinned' && { pinned: true };
  return { memory, version, message, ...pinned, targets: targets.length, listed, sample: sampleOf(targets) };
}

function sampleOf(targets: readonly ComparedTarget[]): HeldDocument['sample'] {
  return targets.slice(0, mostSamples).map(({ source, labels }) => ({ source, labels }));
}

interface WriteInput {
  readonly store: ObjectStore;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Replaces what was read with what is held now. An acceptance that an operator wrote in between is kept. Throws like
 * `readHeld`, and what the store throws.
 */
export async function writeHeld(
  id: ProviderId,
  held: HeldDocument,
  etag: string | undefined,
  { store, signal }: WriteInput,
): Promise<void> {
  let next = held;
  let over = etag;
  await retryConflict(async (attempt) => {
    if (attempt > 1) {
      const current = await readHeld(store, id, signal);
      over = current.etag;
      if (current.held !== undefined)
        next = { ...next, memory: withAcceptance(next.memory, current.held.memory) };
    }
    await putHeld(id, next, over, { store, signal });
  });
}

async function putHeld(
  id: ProviderId,
  held: HeldDocument,
  etag: string | undefined,
  { store, signal }: WriteInput,
): Promise<void> {
  await store.put(heldKey(id), await encodeHeld(id, held), {
    condition: ifUnchanged(etag),
    contentType: 'application/gzip',
    signal,
  });
}

/**
 * Accepts just what is held of a provider now, for an hour: the next cycle lets these targets leave. Returns what was
 * accepted, or undefined if nothing is held. Throws like `readHeld`, and what the store throws.
 */
export async function acceptHeld(
  store: ObjectStore,
  id: ProviderId,
  now: Date,
  signal?: AbortSignal | undefined,
): Promise<HeldDocument | undefined> {
  const { version } = await loadProvider(store, id, { signal });
  return retryConflict(async () => {
    const { held, etag } = await readHeld(store, id, signal);
    if (held === undefined) return undefined;
    const accepted = { ...held, memory: acceptAll(held.memory, version, now) };
    await putHeld(id, accepted, etag, { store, signal });
    return accepted;
  });
}
