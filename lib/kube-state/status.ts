import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { tryParseJson } from '../base/json.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { outputStatusKey } from '../targets/keys.ts';

const time = z.iso.datetime();
const counts = z.record(z.string(), z.int().min(0));

/**
 * The status of a kube-state output, stored beside its text after every cycle. Times are ISO 8601. `waited` is in
 * milliseconds and grows by the time between two cycles that agree.
 */
const outputStatusSchema = z.object({
  schema: z.literal(1),
  output: z.string(),
  /** The run that wrote it. */
  run: z.string(),
  last_attempt: time,
  /** When text was last published. */
  last_success: time.optional(),
  /** When the cluster was last listed completely, whether or not its text was held. */
  last_listing: time.optional(),
  duration_seconds: z.number(),
  /** Counts of the published text. */
  objects: z.int().min(0),
  samples: z.int().min(0),
  /** Compressed size in bytes. */
  bytes: z.int().min(0),
  /** Samples of the published text: of each family that the gate judges, and of all families as `*`. */
  families: counts,
  /** Complete listings and failed cycles since the output was first seen. */
  listings: z.int().min(0),
  failed_listings: z.int().min(0),
  /** Failed cycles in a row. */
  failures: z.int().min(0),
  /** Why the last cycle failed. */
  error: z.object({ kind: z.string(), code: z.string().optional(), message: z.string() }).optional(),
  /** The loss that the gate holds. */
  held: z
    .object({
      since: time,
      message: z.string(),
      families: z.record(
        z.string(),
        z.object({ since: time, waited: z.number().min(0), before: z.int(), after: z.int() }),
      ),
      /** An operator's acceptance: the remaining samples of each family. */
      accepted: z.object({ until: time, families: counts }).optional(),
    })
    .optional(),
  /** The last loss that was published without an operator's acceptance. */
  confirmed: z.object({ at: time, message: z.string() }).optional(),
  /** Set while the output is missing from the configuration. */
  leaving: z.object({ since: time, waited: z.number().min(0), seen: time }).optional(),
});

/** The status of a kube-state output. */
export type OutputStatus = z.infer<typeof outputStatusSchema>;
/** The part of a status about a held loss. */
export type HeldOutput = NonNullable<OutputStatus['held']>;

/** A status and the ETag that it was read with. */
export interface StoredOutputStatus {
  readonly status: OutputStatus | undefined;
  readonly etag: string | undefined;
}

const maxBytes = 1 << 20;

/**
 * Reads the status of an output. A damaged status counts as absent, and the next write replaces it. Throws kind `storage`
 * for a status of a newer Muster, which must not be replaced, and what the store throws.
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

/** Parses a status. Undefined if it is damaged, or of another schema. */
export function parseOutputStatus(body: Uint8Array): OutputStatus | undefined {
  return outputStatusSchema.safeParse(tryParseJson(body)).data;
}

/**
 * Changes the status of an output. `change` gets the present status and returns the next one, or undefined to leave it
 * alone. When another run writes in between, `change` is called again with its status. Throws kind `conflict` when that
 * happens on every attempt, and what the store throws.
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
    const options = { condition: ifUnchanged(etag), contentType: 'application/json', signal };
    await store.put(outputStatusKey(object), body, options);
    return next;
  });
}

/** Returns the first status of an output. */
export function newOutputStatus(output: string, run: string, at: Date): OutputStatus {
  return {
    ...{ schema: 1, output, run, last_attempt: at.toISOString(), duration_seconds: 0 },
    ...{ objects: 0, samples: 0, bytes: 0, families: {}, listings: 0, failed_listings: 0, failures: 0 },
  };
}

const newer = z.looseObject({ schema: z.int().min(2) });
