import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../base/errors.ts';
import { overWrite } from '../store/errors.ts';
import type { Body, ObjectStore, StreamedBody } from '../store/store.ts';
import { countTargets, type Groups } from '../targets/canonical.ts';
import { type Change, isEmptyChange } from '../targets/diff.ts';
import { fileSdPieces, type VersionMark } from '../targets/file-sd.ts';
import { manifestKey, type ProviderId, partKey, snapshotKey, targetsKey } from '../targets/keys.ts';
import { deleteSeen } from './document.ts';
import type { Loaded } from './load.ts';
import {
  clearOrphans,
  clearReplaced,
  decodeManifest,
  encodeManifest,
  type Manifest,
  maxManifestBytes,
  replacedParts,
  writePart,
} from './manifest.ts';
import type { Provider } from './provider.ts';
import { writeCheckpoint } from './snapshot.ts';
import type { Status } from './status.ts';

/** The target file or manifest of a provider, and the write of it. */
type PublishedFile = Status['files'][number];

/** A version whose snapshot and target files are all in place. */
export interface Published {
  readonly loaded: Loaded;
  readonly files: readonly PublishedFile[];
  readonly wrote: boolean;
}

/** What publishing is given beside the version. */
export interface PublishInput {
  readonly store: ObjectStore;
  /** Id of the store; asked for only where something is written. */
  readonly storeId: () => Promise<string>;
  /** Called before a target file or manifest is created where there was none, and before the look at the fence. */
  readonly announce: () => Promise<void>;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
}

/** How often a conditional write is tried again before another run is taken to be livelier. */
const attempts = 5;

/** A version that is committed. */
interface Committed {
  readonly loaded: Loaded;
  /** What led to it from the version before; empty where the list stayed. */
  readonly change: Change;
  /** As the last cycle left it. */
  readonly status: Status | undefined;
}

/**
 * Brings snapshot and target files to the loaded version. Undefined when a newer run was found. Throws kind `conflict`
 * where a file changes too often, and what the store throws.
 */
export async function publishVersion(
  provider: Pick<Provider, 'job' | 'provider' | 'shards' | 'identity'>,
  input: PublishInput,
  { loaded, change, status }: Committed,
): Promise<Published | undefined> {
  const { version } = loaded;
  const key = provider.shards === 1 ? targetsKey(provider) : manifestKey(provider);
  const known = status?.files.length === 1 && status.files[0]?.key === key ? status.files[0] : undefined;
  const isThere = known !== undefined && (await isAsKnown(provider, known, input));
  // All but the parts that this very change touches are right only if the version before it was published whole.
  const isWhole =
    isThere &&
    loaded.checkpoint !== undefined &&
    status?.published_version === version - (isEmptyChange(change) ? 0 : 1);
  if (version === 0 || (isWhole && isEmptyChange(change) && loaded.checkpoint?.version === version))
    return { loaded, files: status?.files ?? [], wrote: false };
  const fence = await writeCheckpoint(provider, { ...loaded, identity: provider.identity }, input);
  if (fence === undefined) return undefined;
  const mark = { store: await input.storeId(), version };
  const write = { ...input, id: provider, groups: loaded.groups, fence, mark };
  const file =
    provider.shards === 1
      ? await publishFile(write)
      : await publishParts(write, provider.shards, isWhole ? change : undefined);
  if (file === undefined) return undefined;
  return { loaded: { ...loaded, checkpoint: { version, etag: fence } }, files: [file], wrote: true };
}

interface WriteInput extends PublishInput {
  readonly id: ProviderId;
  readonly groups: Groups;
  /** Etag of the snapshot that holds these groups: it is the fence against newer runs. */
  readonly fence: string;
  readonly mark: VersionMark;
}

/** Whether the published file is the one that the status knows; of a manifest one of its parts is looked at, too. */
async function isAsKnown(
  id: ProviderId,
  { key, etag }: PublishedFile,
  { store, now, signal }: PublishInput,
): Promise<boolean> {
  const options = signal && { signal };
  if (key !== manifestKey(id)) return (await store.head(key, options))?.etag === etag;
  const found = await readManifest(store, id, signal);
  if (found?.etag !== etag) return false;
  // Any one of them, so that a lost part is noticed in time and a quiet cycle asks for little.
  const { parts } = found.manifest;
  const part = parts[shardOf(now().toISOString(), parts.length)];
  return part !== undefined && (await store.head(partKey(id, part.name), options)) !== undefined;
}

/** Writes the list as one file. Returns undefined when a newer run was found. */
async function publishFile(input: WriteInput): Promise<PublishedFile | undefined> {
  const { id, groups, mark } = input;
  const key = targetsKey(id);
  const file = fileOf(groups, mark);
  const etag = await replaceFenced(input, key, file);
  if (etag === undefined) return undefined;
  await removeOther(input, manifestKey(id));
  return { key, etag, largest: file.size() };
}

/**
 * Writes the parts that changed, then the manifest over the very one whose parts it keeps: once that has gone, they may
 * be gone too. Returns undefined when a newer run was found.
 */
async function publishParts(
  input: WriteInput,
  shards: number,
  change: Change | undefined,
): Promise<PublishedFile | undefined> {
  const key = manifestKey(input.id);
  for (let attempt = 1; ; attempt++) {
    const old = await readManifest(input.store, input.id, input.signal);
    const manifest = await makeManifest(input, shards, change, old?.manifest);
    if (old === undefined) await input.announce();
    const written = await putFenced(input, key, encodeManifest(manifest), { over: old?.etag, attempt });
    if (written === 'superseded') return undefined;
    if (written === 'again') continue;
    const { id, store, now, signal } = input;
    await removeOther(input, targetsKey(id));
    if (change === undefined) await clearOrphans(id, manifest, { store, now: now(), signal });
    const largest = manifest.parts.reduce((most, { size, unpacked = size }) => Math.max(most, unpacked), 0);
    return { key, etag: written.etag, largest };
  }
}

async function makeManifest(
  input: WriteInput,
  shards: number,
  change: Change | undefined,
  old: Manifest | undefined,
): Promise<Manifest> {
  const { id, groups, mark, store, now, signal } = input;
  const before = old?.store === mark.store ? old : undefined;
  const isSame = before?.parts.length === shards && before.version < mark.version && change !== undefined;
  const touched = isSame ? touchedShards(change, shards) : undefined;
  const byShard = groupShards(groups, shards, touched);
  const parts: Manifest['parts'][number][] = [];
  for (let shard = 0; shard < shards; shard++) {
    const kept = touched?.has(shard) === false ? before?.parts[shard] : undefined;
    const own = byShard.get(shard) ?? new Map();
    parts.push(
      kept ??
        (await writePart({
          store,
          id,
          version: mark.version,
          pieces: fileSdPieces(own),
          targets: countTargets(own),
          known: before?.parts ?? [],
          signal,
        })),
    );
  }
  const kept = await clearReplaced(id, before?.replaced ?? [], { store, now: now(), signal });
  const targets = parts.reduce((sum, part) => sum + part.targets, 0);
  const replaced = [...kept, ...replacedParts(before?.parts ?? [], parts, now())];
  return { ...mark, targets, parts, replaced };
}

/** The shard of a group, by its source: groups that come and go do not move the others. */
export function shardOf(source: string, shards: number): number {
  return shards === 1 ? 0 : createHash('md5').update(source).digest().readUInt32BE(0) % shards;
}

function touchedShards({ added, removed, changed }: Change, shards: number): ReadonlySet<number> {
  return new Set(
    [...added.keys(), ...removed.keys(), ...changed.keys()].map((source) => shardOf(source, shards)),
  );
}

function groupShards(
  groups: Groups,
  shards: number,
  touched: ReadonlySet<number> | undefined,
): ReadonlyMap<number, Groups> {
  const byShard = Map.groupBy(groups, ([source]) => shardOf(source, shards));
  return new Map(
    [...byShard]
      .filter(([shard]) => touched?.has(shard) !== false)
      .map(([shard, entries]) => [shard, new Map(entries)]),
  );
}

async function readManifest(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<{ readonly manifest: Manifest; readonly etag: string } | undefined> {
  const key = manifestKey(id);
  const found = await store.get(key, { maxBytes: maxManifestBytes, signal });
  if (found === undefined) return undefined;
  try {
    return { manifest: decodeManifest(found.body, key), etag: found.etag };
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

/**
 * Puts a file in place of whatever older run's file is there. The order matters: first the file's etag, then the look
 * at the fence, then the conditional write. A run that commits after the look also publishes after the etag was read, so
 * that either this write fails on its etag or the newer one lands on top.
 */
async function replaceFenced(input: WriteInput, key: string, body: Body): Promise<string | undefined> {
  const { store, signal } = input;
  for (let attempt = 1; ; attempt++) {
    const current = await store.head(key, signal && { signal });
    if (current === undefined) await input.announce();
    const written = await putFenced(input, key, body, { over: current?.etag, attempt });
    if (written === 'superseded') return undefined;
    if (written !== 'again') return written.etag;
  }
}

/** The look at the fence, then the write over what was read before. `again` when that is no longer there. */
async function putFenced(
  input: WriteInput,
  key: string,
  body: Body,
  { over, attempt }: { readonly over: string | undefined; readonly attempt: number },
): Promise<{ readonly etag: string } | 'superseded' | 'again'> {
  const { store, signal } = input;
  if (!(await isNewest(input))) return 'superseded';
  try {
    const options = { condition: overWrite(over), contentType: 'application/json', signal };
    return await store.put(key, body, options);
  } catch (error) {
    if (!isMusterError(error, 'conflict')) throw error;
    if (attempt === attempts)
      throw new MusterError('conflict', `${key} changes faster than it can be published`, {
        code: 'publish-contention',
        cause: error,
      });
    return 'again';
  }
}

async function isNewest({ store, id, fence, signal }: WriteInput): Promise<boolean> {
  return (await store.head(snapshotKey(id), signal && { signal }))?.etag === fence;
}

/** Removes the file of the other form, once this one is there. A reader of both takes the higher version. */
async function removeOther(input: WriteInput, key: string): Promise<void> {
  const { store, signal } = input;
  const found = await store.head(key, { signal });
  if (found !== undefined && (await isNewest(input))) await deleteSeen(store, key, found.etag, signal);
}

interface ListFile extends StreamedBody {
  /** Bytes, once it was written. */
  readonly size: () => number;
}

/** The file's bytes, made as they are written: with all its labels, a large listing fills hundreds of megabytes. */
function fileOf(groups: Groups, mark: VersionMark): ListFile {
  let size = 0;
  return {
    *chunks() {
      size = 0;
      for (const piece of fileSdPieces(groups, mark)) {
        size += piece.length;
        yield piece;
      }
    },
    size: () => size,
  };
}
