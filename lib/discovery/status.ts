import * as z from 'zod';
import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, statusKey } from '../target/names.ts';

const time = z.iso.datetime();

/** The heartbeat of a provider, good or bad: what `status/` holds. Times are ISO 8601, durations seconds. */
export const statusSchema = z.object({
  schema: z.literal(1),
  job: z.string(),
  provider: z.string(),
  /** The run that wrote it. */
  run: z.string(),
  /** When its first cycle was tried. */
  first_attempt: time.optional(),
  last_attempt: time,
  last_success: time.optional(),
  /** When the list last changed. */
  last_change: time.optional(),
  duration_seconds: z.number(),
  /** Newest version of the list; 0 before the first. */
  version: z.int().min(0),
  /** Version of the target files. */
  published_version: z.int().min(0),
  groups: z.int(),
  targets: z.int(),
  /** The target files and the write of each. */
  files: z.array(z.object({ key: z.string(), etag: z.string() })),
  /** Why the last cycle failed. */
  error: z.object({ kind: z.string(), message: z.string() }).optional(),
  /** Why the newest configuration is not in force. */
  config_error: z.string().optional(),
  /** How many cycles in a row have failed. */
  failures: z.int(),
  /** A drop of the target count that the guard keeps back. */
  held: z
    .object({
      since: time,
      /** Cycles in a row that found this drop. */
      cycles: z.int(),
      /** Digest of what is missing, by which cycles are compared. */
      digest: z.string(),
      targets_before: z.int(),
      targets_after: z.int(),
      message: z.string(),
      /** Target count that an operator has accepted. */
      accepted_targets: z.int().optional(),
    })
    .optional(),
});

export type Status = z.infer<typeof statusSchema>;
export type Held = NonNullable<Status['held']>;

/** A status together with the write that it was read from. */
export interface StoredStatus {
  readonly status: Status | undefined;
  readonly etag: string | undefined;
}

/** The status of a provider; one that cannot be read counts as none, as the next write replaces it. */
export async function readStatus(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal,
): Promise<StoredStatus> {
  const found = await store.get(statusKey(id), { maxBytes: 4 << 20, ...(signal && { signal }) });
  if (found === undefined || found === 'unchanged') return { status: undefined, etag: undefined };
  return { status: parseStatus(found.body), etag: found.etag };
}

/** The status behind an object, or undefined where it is none. */
export function parseStatus(body: Uint8Array): Status | undefined {
  try {
    return statusSchema.safeParse(JSON.parse(new TextDecoder().decode(body))).data;
  } catch {
    return undefined;
  }
}

/**
 * Writes the status over the one that was read. Where another run wrote in between, the one with the newer version
 * stays, what that run published is kept, and an operator's acceptance is carried over. Throws kind `conflict` at
 * once when `merge` is off.
 */
export async function writeStatus(
  store: ObjectStore,
  id: ProviderId,
  status: Status,
  etag: string | undefined,
  signal?: AbortSignal,
  { merge = true } = {},
): Promise<void> {
  let next = status;
  let over = etag;
  for (let attempt = 1; ; attempt++) {
    try {
      await store.put(statusKey(id), new TextEncoder().encode(`${JSON.stringify(next, undefined, 1)}\n`), {
        condition: over === undefined ? 'create' : { etag: over },
        contentType: 'application/json',
        ...(signal && { signal }),
      });
      return;
    } catch (error) {
      if (!isMusterError(error, 'conflict') || !merge || attempt === 5) throw error;
    }
    const current = await readStatus(store, id, signal);
    if (current.status !== undefined && current.status.version > next.version) return;
    over = current.etag;
    next = mergeStatus(next, current.status);
  }
}

function mergeStatus(status: Status, other: Status | undefined): Status {
  const accepted = other?.held?.accepted_targets;
  const held =
    status.held && accepted !== undefined ? { ...status.held, accepted_targets: accepted } : status.held;
  const published =
    other !== undefined && other.published_version > status.published_version
      ? { published_version: other.published_version, files: other.files }
      : {};
  return { ...status, ...published, ...(held && { held }) };
}
