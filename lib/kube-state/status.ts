import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { tryParseJson } from '../base/json.ts';
import { overWrite, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { outputStatusKey } from '../targets/keys.ts';

const time = z.iso.datetime();
const counts = z.record(z.string(), z.int().min(0));

/**
 * The heartbeat of a kube-state output, good or bad: what lies beside its text. Times are ISO 8601; `waited` is in
 * milliseconds, and grows by what passes between two looks that agree.
 */
const outputStatusSchema = z.object({
  schema: z.literal(1),
  output: z.string(),
  /** The run that wrote it. */
  run: z.string(),
  last_attempt: time,
  /** When text was last published. */
  last_success: time.optional(),
  /** When the cluster was last listed whole, whether or not its text was held. */
  last_listing: time.optional(),
  duration_seconds: z.number(),
  /** Of the published text. */
  objects: z.int().min(0),
  samples: z.int().min(0),
  /** Compressed size. */
  bytes: z.int().min(0),
  /** Samples of the published text by family: of those that the gate judges, and of all of them as `*`. */
  families: counts,
  /** Whole listings, and cycles that failed, since the output was first seen. */
  listings: z.int().min(0),
  failed_listings: z.int().min(0),
  /** Cycles in a row that have failed. */
  failures: z.int().min(0),
  /** Why the last cycle failed. */
  error: z.object({ kind: z.string(), code: z.string().optional(), message: z.string() }).optional(),
  /** What the gate keeps from being published. */
  held: z
    .object({
      since: time,
      message: z.string(),
      families: z.record(
        z.string(),
        z.object({ since: time, waited: z.number().min(0), before: z.int(), after: z.int() }),
      ),
      /** What an operator has accepted, by family the samples that are left of it. */
      accepted: z.object({ until: time, families: counts }).optional(),
    })
    .optional(),
  /** What was last published although samples had gone, with nobody's word for it. */
  confirmed: z.object({ at: time, message: z.string() }).optional(),
  /** It left the configuration. */
  leaving: z.object({ since: time, waited: z.number().min(0), seen: time }).optional(),
});

export type OutputStatus = z.infer<typeof outputStatusSchema>;
export type HeldOutput = NonNullable<OutputStatus['held']>;

/** A status together with the write that it was read from. */
export interface StoredOutputStatus {
  readonly status: OutputStatus | undefined;
  readonly etag: string | undefined;
}

const maxBytes = 1 << 20;

/**
 * The status of an output. One that is damaged counts as none, as the next write replaces it. Throws kind `storage` for
 * one that a newer Muster wrote, which nothing here may replace.
 */
export async function readOutputStatus(
  store: ObjectStore,
  object: string,
  signal?: AbortSignal,
): Promise<StoredOutputStatus> {
  const key = outputStatusKey(object);
  const found = await store.get(key, { maxBytes, signal }).catch((error: unknown) => {
    if (isMusterError(error, 'too-large')) return 'too large' as const;
    throw error;
  });
  if (found === 'too large') return { status: undefined, etag: (await store.head(key))?.etag };
  if (found === undefined) return { status: undefined, etag: undefined };
  const json = tryParseJson(found.body);
  const schema = newer.safeParse(json).data?.schema;
  if (schema !== undefined)
    throw new MusterError(
      'storage',
      `${key} was written by a newer Muster (schema ${schema}): update this one, nothing was changed`,
    );
  return { status: outputStatusSchema.safeParse(json).data, etag: found.etag };
}

/** The status behind an object, or undefined where it is none that this Muster reads. */
export function parseOutputStatus(body: Uint8Array): OutputStatus | undefined {
  return outputStatusSchema.safeParse(tryParseJson(body)).data;
}

/**
 * Writes what `change` makes of the status that is there, over that very one; where somebody else wrote in between, what
 * it makes of theirs. `undefined` leaves it as it is. Throws kind `conflict` where the status never holds still.
 */
export async function changeOutputStatus(
  store: ObjectStore,
  object: string,
  change: (status: OutputStatus | undefined) => OutputStatus | undefined,
  { signal, known }: { readonly signal?: AbortSignal | undefined; readonly known?: StoredOutputStatus } = {},
): Promise<OutputStatus | undefined> {
  return retryConflict(async (attempt) => {
    const { status, etag } =
      attempt === 1 && known !== undefined ? known : await readOutputStatus(store, object, signal);
    const next = change(status);
    if (next === undefined) return undefined;
    const body = new TextEncoder().encode(`${JSON.stringify(next, undefined, 1)}\n`);
    const options = { condition: overWrite(etag), contentType: 'application/json', signal };
    await store.put(outputStatusKey(object), body, options);
    return next;
  });
}

/** A status of an output that nothing is known of. */
export function newOutputStatus(output: string, run: string, at: Date): OutputStatus {
  return {
    ...{ schema: 1, output, run, last_attempt: at.toISOString(), duration_seconds: 0 },
    ...{ objects: 0, samples: 0, bytes: 0, families: {}, listings: 0, failed_listings: 0, failures: 0 },
  };
}

const newer = z.looseObject({ schema: z.int().min(2) });
