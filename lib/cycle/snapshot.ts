import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { packLines, unpackLines } from '../base/gzip-lines.ts';
import { parseJson } from '../base/json.ts';
import { overWrite, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type EncodedGroup, encodeGroup, type Groups } from '../targets/canonical.ts';
import type { Cursor } from '../targets/discover.ts';
import { type ProviderId, snapshotKey } from '../targets/keys.ts';
import { createPacker } from '../targets/pack.ts';
import { type Control, controlSchema, noControl, schemaOf } from './control.ts';
import { knownHistorySchema, refuseNewer, targetGroup } from './document.ts';
import type { Step } from './memory.ts';

/** The full list of a provider at a version: the checkpoint of its journal. */
export interface Snapshot {
  readonly version: number;
  readonly groups: Groups;
  readonly cursor?: Cursor | undefined;
  /** Digest of what the provider lists. */
  readonly identity?: string | undefined;
  /** Names of the backend that it was listed from. */
  readonly backend?: readonly string[] | undefined;
  /** How many targets were listed before, lately. */
  readonly steps?: readonly Step[] | undefined;
  /** What operators have decided. */
  readonly control?: Control | undefined;
}

/** Version and write of the snapshot that the bucket has. */
export interface Checkpoint {
  readonly version: number;
  readonly etag: string;
}

const header = z.object({
  schema: z.union([z.literal(1), z.literal(2)]),
  version: z.int().min(1),
  cursor: z.string().optional(),
  identity: z.string().optional(),
  backend: z.array(z.string()).optional(),
  steps: z.array(z.object({ until: z.number(), targets: z.int() })).optional(),
  control: controlSchema.optional(),
  groups: z.array(z.never()),
});

/** The snapshot as an object of the bucket: JSON with one group a line, so that it is read line by line. */
export function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return packLines(snapshotText(snapshot));
}

/** The snapshot behind an object. Throws kind `malformed`. */
export async function decodeSnapshot(body: Uint8Array): Promise<Snapshot> {
  const lines = unpackLines(body);
  const first = await lines.next();
  const { schema: _, groups: __, ...head } = parseHeader(first.done === true ? '' : first.value);
  const groups = new Map<string, EncodedGroup>();
  const packer = createPacker();
  for await (const line of lines) {
    if (line === ']}') {
      packer.finish();
      return { ...head, groups };
    }
    const group = targetGroup.safeParse(parseJson(line.endsWith(',') ? line.slice(0, -1) : line));
    if (!group.success)
      throw new MusterError('malformed', `group ${groups.size} of the snapshot is not a target group`);
    groups.set(group.data.source, packer.pack(encodeGroup(group.data)));
  }
  throw new MusterError('malformed', 'the snapshot is cut off');
}

/** The version of a snapshot, without its groups. Throws kind `malformed`. */
export async function decodeSnapshotVersion(body: Uint8Array): Promise<number> {
  for await (const line of unpackLines(body)) return parseHeader(line).version;
  throw new MusterError('malformed', 'the snapshot is empty');
}

function* snapshotText({ groups, ...head }: Snapshot): Generator<string, undefined> {
  yield JSON.stringify({ schema: schemaOf(head.control ?? noControl), ...head, groups: [] }).slice(0, -2);
  let separator = '\n';
  for (const group of groups.values()) {
    yield separator;
    yield group.json;
    separator = ',\n';
  }
  yield '\n]}\n';
  return undefined;
}

function parseHeader(line: string): z.infer<typeof header> {
  const json = parseJson(`${line}]}`);
  refuseNewer(json, 'the snapshot', knownHistorySchema);
  const parsed = header.safeParse(json);
  if (!parsed.success) throw new MusterError('malformed', 'the snapshot does not begin as one of schema 1');
  return parsed.data;
}

/** A list, and the snapshot of it that the bucket has. */
interface Unwritten extends Snapshot {
  readonly checkpoint: Checkpoint | undefined;
}

/**
 * Writes the snapshot, unless the bucket already holds its version or a newer one. Returns the snapshot's etag, or
 * undefined when a newer one is there: then the newer run publishes. Throws what the store throws.
 */
export async function writeCheckpoint(
  id: ProviderId,
  { checkpoint, version, groups, cursor, identity, backend, steps, control }: Unwritten,
  { store, signal }: { readonly store: ObjectStore; readonly signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  if (checkpoint?.version === version) return checkpoint.etag;
  const body = await encodeSnapshot({
    ...{ version, cursor, identity, backend, steps, groups },
    // The snapshot of a provider without decisions is as it always was.
    control: control === noControl ? undefined : control,
  });
  let over = checkpoint?.etag;
  return retryConflict(async (attempt) => {
    if (attempt > 1) {
      const stored = await store.get(snapshotKey(id), { signal });
      const storedVersion = stored === undefined ? 0 : await versionOf(stored.body);
      if (storedVersion > version) return undefined;
      if (storedVersion === version) return stored?.etag;
      over = stored?.etag;
    }
    const options = { condition: overWrite(over), contentType: 'application/gzip', signal };
    return (await store.put(snapshotKey(id), body, options)).etag;
  });
}

async function versionOf(body: Uint8Array): Promise<number> {
  try {
    return await decodeSnapshotVersion(body);
  } catch (error) {
    if (isMusterError(error, 'malformed')) return 0;
    throw error;
  }
}
