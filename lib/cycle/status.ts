import * as z from 'zod';
import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError } from '../base/errors.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { encodeJob, folders, type ProviderId, parseStatusKey, statusKey } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { settingsSchema } from './settings.ts';

const time = z.iso.datetime();

/** Why the gate holds removals; see gate.ts. */
export const holdKinds = [
  'empty',
  'drop',
  'job',
  'server',
  'store',
  'disjoint',
  'filtered',
  'unseen',
  'backend',
  'labels',
  'rejected',
  'pinned',
] as const;
/** Why removals are held. */
export type HoldKind = (typeof holdKinds)[number];

/** The heartbeat of a provider, good or bad: what `status/` holds. Times are ISO 8601, durations seconds. */
export const statusSchema = z.object({
  schema: z.literal(1),
  job: z.string(),
  provider: z.string(),
  /** The run that wrote it. */
  run: z.string(),
  /** Version of Muster that wrote it. */
  muster: z.string().optional(),
  /**
   * Digest of what the provider lists. It identifies the provider; the position in the configuration does not matter.
   */
  identity: z.string().optional(),
  /** Digest of the backend server that it asks: providers with the same one fall together. */
  server: z.string().optional(),
  /** Names of the backend that the list came from. */
  backend: z.array(z.string()).optional(),
  /** How it is configured; what cannot be read of it is left out. */
  settings: settingsSchema.optional().catch(undefined),
  /** Id of the store. */
  store: z.string().optional(),
  /** When its first cycle was tried. */
  first_attempt: time.optional(),
  last_attempt: time,
  /** When the list was last whole. */
  last_success: time.optional(),
  /** When the list last changed. */
  last_change: time.optional(),
  duration_seconds: z.number(),
  /**
   * Requests that the last good listing cost the backend, each with its retries; absent if they are not counted. What
   * several providers share is counted for one of them, so that the sum is what the backend saw.
   */
  requests: z.int().min(0).optional(),
  /** Newest version of the list; 0 before the first. */
  version: z.int().min(0),
  /** Version of the target files. */
  published_version: z.int().min(0),
  groups: z.int(),
  /** Targets in the published files, those that are held among them. */
  targets: z.int(),
  /** The target file or the manifest, and the write of it. */
  files: z.array(
    z.object({
      key: z.string(),
      etag: z.string(),
      /** Bytes of the largest object that a mirror has to take for it: the file, or one of its parts unpacked. */
      largest: z.int().min(0).optional(),
    }),
  ),
  /** Why the last cycle failed. */
  error: z.object({ kind: z.string(), code: z.string().optional(), message: z.string() }).optional(),
  /** Why the newest configuration is not in force. */
  config_error: z.string().optional(),
  /** What an operator should know of the list although its cycle was good. */
  warnings: z.array(z.string()).optional(),
  /** How many cycles in a row have failed. */
  failures: z.int(),
  /**
   * Targets that the gate keeps published although the listing lacks them, or what a pin keeps from being published.
   * `held/` has the rest.
   */
  held: z
    .object({
      kind: z.enum(holdKinds),
      since: time,
      /** How many targets are held. */
      targets: z.int(),
      /** How many the listing has. */
      listed: z.int(),
      /** When they leave at the earliest, if the listings stay as they are; absent: not before they are accepted. */
      until: time.optional(),
      message: z.string(),
    })
    .optional(),
  /** An operator has pinned the list: cycles publish nothing. */
  pinned: z
    .object({ since: time, until: time.optional(), by: z.string(), why: z.string().optional() })
    .optional(),
  /** Removals that an operator has rejected: time does not confirm them. */
  rejected: z
    .object({ since: time, by: z.string(), why: z.string().optional(), targets: z.int() })
    .optional(),
  /** Targets that left within the last hour after a hold, without an operator's acceptance. */
  confirmed: z.object({ at: time, targets: z.int() }).optional(),
  /** Damage that the last cycle found in the store, and mended as far as it could. */
  damaged: z.object({ at: time, message: z.string() }).optional(),
  /** The provider left the configuration, and is retired when it has waited long enough. */
  retiring: z
    .object({
      since: time,
      waited_seconds: z.number(),
      looked: time,
      /** Why it is not retired although it has waited long enough. */
      held: z.string().optional(),
      /** An operator has accepted that it goes, until this time. */
      accepted_until: time.optional(),
    })
    .optional(),
});

/** A status after its checks. */
export type Status = z.infer<typeof statusSchema>;
/** What a status says of held removals. */
export type Held = NonNullable<Status['held']>;

/** The status of a new provider. */
export function emptyStatus({ job, provider }: ProviderId, run: string, now: Date): Status {
  return {
    schema: 1,
    job,
    provider,
    run,
    last_attempt: now.toISOString(),
    duration_seconds: 0,
    version: 0,
    published_version: 0,
    groups: 0,
    targets: 0,
    files: [],
    failures: 0,
  };
}

/** A status together with the write that it was read from. */
export interface StoredStatus {
  readonly status: Status | undefined;
  readonly etag: string | undefined;
  /** Why the stored status could not be read; the next write replaces it. */
  readonly damaged?: string | undefined;
}

/** Milliseconds by which two machines' clocks may differ without being thought wrong. */
export const clockSkew = 5 * 60_000;

/** Bytes of the longest status. */
export const maxStatusBytes = 1 << 20;

/**
 * The status of a provider; what is known of it already is not sent again. One that cannot be read counts as none. Throws
 * kind `newer` for a later Muster's.
 */
export async function readStatus(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal | undefined,
  known?: StoredStatus | undefined,
): Promise<StoredStatus> {
  const key = statusKey(id);
  const options = signal && { signal };
  try {
    const found = await store.getIfChanged(key, known?.etag, { maxBytes: maxStatusBytes, ...options });
    if (found === 'unchanged' && known !== undefined) return known;
    if (found === undefined || found === 'unchanged') return { status: undefined, etag: undefined };
    return readBody(found.body, found.etag, key);
  } catch (error) {
    if (!isMusterError(error, 'too-large')) throw error;
    const etag = (await store.head(key, options))?.etag;
    return { status: undefined, etag, damaged: error.message };
  }
}

/** The providers that have a status in the store: all, or those of one job. */
export async function listProviders(
  { store, signal }: ReadInput,
  job?: string,
): Promise<readonly ProviderId[]> {
  const folder = job === undefined ? folders.status : `${folders.status}${encodeJob(job)}/`;
  const objects = await store.list(folder, { signal });
  return objects.map(({ key }) => parseStatusKey(key)).filter((id) => id !== undefined);
}

/** The statuses of several providers, by their keys. Throws as `readStatus` does. */
export async function readStatuses(
  ids: readonly ProviderId[],
  { store, signal }: ReadInput,
): Promise<ReadonlyMap<string, StoredStatus>> {
  const read = await mapConcurrent(
    ids,
    8,
    signal,
    async (id) => [statusKey(id), await readStatus(store, id, signal)] as const,
  );
  return new Map(read);
}

interface ReadInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

function readBody(body: Uint8Array, etag: string, key: string): StoredStatus {
  try {
    return { status: decodeDocument(body, statusSchema, key), etag };
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    return { status: undefined, etag, damaged: error.message };
  }
}

/** The status behind an object, or undefined if it is none, or one of a later Muster. */
export function parseStatus(body: Uint8Array): Status | undefined {
  try {
    return decodeDocument(body, statusSchema, 'status');
  } catch {
    return undefined;
  }
}

interface WriteStatusInput {
  readonly store: ObjectStore;
  readonly signal?: AbortSignal | undefined;
  /** Off: any other write in between is a conflict. */
  readonly merge?: boolean;
}

/**
 * Writes the status over the one that was read. Where another run wrote in between, the one with the newer version
 * stays, and what that run published is kept. Throws kind `conflict` at once when `merge` is off. Returns what was
 * written, or undefined if the other one stays.
 */
export async function writeStatus(
  id: ProviderId,
  status: Status,
  etag: string | undefined,
  { store, signal, merge = true }: WriteStatusInput,
): Promise<StoredStatus | undefined> {
  const put = async (next: Status, over: string | undefined) => {
    const options = { condition: ifUnchanged(over), contentType: 'application/json', signal };
    const { etag } = await store.put(statusKey(id), encodeDocument(next), options);
    return { status: next, etag };
  };
  if (!merge) return put(status, etag);
  let next = status;
  let over = etag;
  return retryConflict(async (attempt) => {
    if (attempt > 1) {
      const current = await readStatus(store, id, signal);
      if (current.status !== undefined && current.status.version > next.version) return undefined;
      over = current.etag;
      next = mergeStatus(next, current.status);
    }
    return put(next, over);
  });
}

function mergeStatus(status: Status, other: Status | undefined): Status {
  if (other === undefined || other.published_version <= status.published_version) return status;
  return { ...status, published_version: other.published_version, files: other.files };
}
