import { isMusterError, MusterError } from '../base/errors.ts';
import { ifUnchanged } from '../store/errors.ts';
import type { Body, ObjectStore, StreamedBody } from '../store/store.ts';
import type { Groups } from '../targets/canonical.ts';
import { type Change, isEmptyChange } from '../targets/diff.ts';
import { fileSdPieces, readVersionMark, type VersionMark } from '../targets/file-sd.ts';
import {
  manifestKey,
  type ProviderId,
  parsePartName,
  partsFolder,
  snapshotKey,
  targetsKey,
} from '../targets/keys.ts';
import { type Block, fetchTexts } from './blocks.ts';
import { deleteSeen } from './document.ts';
import type { Loaded } from './load.ts';
import { decodeManifest, encodeManifest, type Manifest, maxManifestBytes, type Part } from './manifest.ts';
import type { Provider } from './provider.ts';
import { belongsInBlocks, type Checkpoint, grace, isLaidOut, writeCheckpoint } from './snapshot.ts';
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
  /** What led to it from the version before; empty if the list stayed. */
  readonly change: Change;
  /** As the last cycle left it. */
  readonly status: Status | undefined;
}

/**
 * Brings snapshot and target files to the loaded version. Undefined when a newer run was found. Throws kind `conflict`
 * where a file changes too often, and what the store throws.
 */
export async function publishVersion(
  provider: Pick<Provider, 'job' | 'provider' | 'shards' | 'identity' | 'limits'>,
  input: PublishInput,
  { loaded, change, status }: Committed,
): Promise<Published | undefined> {
  const { version, groups } = loaded;
  const { identity, limits, shards } = provider;
  const layout = { limits, inParts: shards !== 'auto' && shards > 1 };
  const isPlain = shards === 1 || !belongsInBlocks(loaded, layout);
  const key = isPlain ? targetsKey(provider) : manifestKey(provider);
  const known = status?.files.length === 1 && status.files[0]?.key === key ? status.files[0] : undefined;
  const isThere =
    known !== undefined && (await input.store.head(key, { signal: input.signal }))?.etag === known.etag;
  const isWhole =
    isThere &&
    loaded.checkpoint !== undefined &&
    status?.published_version === version - (isEmptyChange(change) ? 0 : 1);
  const isKept = loaded.checkpoint?.version === version && isLaidOut(loaded, loaded.checkpoint, layout);
  if (version === 0 || (isWhole && isEmptyChange(change) && isKept))
    return { loaded, files: status?.files ?? [], wrote: false };
  const target = {
    ...{ ...input, ...layout },
    // A snapshot of one object has replaced the very blocks of a manifest that is still in place.
    isWhole: isWhole && (isPlain || loaded.checkpoint?.blocks !== undefined),
  };
  const written = await writeCheckpoint(provider, { ...loaded, identity }, target);
  if (written === undefined) return undefined;
  const { checkpoint } = written;
  const mark = { store: await input.storeId(), version };
  const write = { ...input, id: provider, checkpoint, mark };
  // The texts of this list are at hand where those of the written one are not.
  if (isPlain) await fetchTexts(groups.values(), { ...input, id: provider });
  const wasInParts = !isPlain || status?.files[0]?.key === manifestKey(provider);
  const published = isWhole || !wasInParts ? undefined : await readManifest(write);
  const before = (published?.parts ?? []).map(({ name }) => name);
  const file = isPlain
    ? await publishFile(write, groups)
    : await publishManifest(write, checkpoint.blocks ?? []);
  if (file === undefined) return undefined;
  if (!isWhole || version % orphansEvery === 0) await clearOrphans(write, before);
  return { loaded: { ...loaded, ...written }, files: [file], wrote: true };
}

interface WriteInput extends PublishInput {
  readonly id: ProviderId;
  /** The snapshot of the list: its etag is the fence against newer runs. */
  readonly checkpoint: Checkpoint;
  readonly mark: VersionMark;
}

/** Writes the list as one file. Returns undefined when a newer run was found. */
async function publishFile(input: WriteInput, groups: Groups): Promise<PublishedFile | undefined> {
  const { id, mark } = input;
  const key = targetsKey(id);
  const file = fileOf(groups, mark);
  const etag = await replaceFenced(input, key, file);
  if (etag === undefined) return undefined;
  if ((await settleOther(input, { key, etag }, manifestKey(id))) === 'taken back') return undefined;
  return { key, etag, largest: file.size() };
}

/**
 * Publishes the blocks of the snapshot by a manifest, so that a reader of it finds all of them. Returns undefined when
 * a newer run was found.
 */
async function publishManifest(
  input: WriteInput,
  blocks: readonly Block[],
): Promise<PublishedFile | undefined> {
  const { id, mark } = input;
  const key = manifestKey(id);
  const parts = blocks.map(({ groups: _, ...part }): Part => ({ ...part, encoding: 'gzip' }));
  const etag = await replaceFenced(input, key, encodeManifest({ ...mark, parts }));
  if (etag === undefined) return undefined;
  if ((await settleOther(input, { key, etag }, targetsKey(id))) === 'taken back') return undefined;
  return { key, etag, largest: parts.reduce((most, { unpacked = 0 }) => Math.max(most, unpacked), 0) };
}

/** The published manifest; undefined if it is absent or malformed. */
async function readManifest({ store, id, signal }: WriteInput): Promise<Manifest | undefined> {
  const key = manifestKey(id);
  const found = await store.get(key, { maxBytes: maxManifestBytes, signal });
  try {
    return found && decodeManifest(found.body, key);
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

/**
 * Replaces the file of any older run. The order matters: first the file's etag, then the look at the fence, then the
 * conditional write. A run that commits after the look also publishes after the etag was read, so that either this
 * write fails on its etag or the newer one lands on top.
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
    const options = { condition: ifUnchanged(over), contentType: 'application/json', signal };
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

async function isNewest({ store, id, checkpoint, signal }: WriteInput): Promise<boolean> {
  return (await store.head(snapshotKey(id), signal && { signal }))?.etag === checkpoint.etag;
}

/**
 * Removes the file of the other form, once this one is there. Where a newer run was found by then, the other file may be
 * that one's: if it has a higher version, this one is taken back, so that no old file is left beside it. One of the same
 * version stays: another run may have published the very same bytes, for good. A reader of both takes the higher version.
 */
async function settleOther(
  input: WriteInput,
  own: { readonly key: string; readonly etag: string },
  key: string,
): Promise<'taken back' | undefined> {
  const { store, id, mark, signal } = input;
  for (let attempt = 1; ; attempt++) {
    const found = await store.head(key, { signal });
    if (found === undefined) return undefined;
    if (!(await isNewest(input))) break;
    if ((await deleteSeen(store, key, found.etag, signal)) || attempt === attempts) return undefined;
  }
  const isManifest = key === manifestKey(id);
  const version = isManifest ? (await readManifest(input))?.version : await fileVersion(input);
  if ((version ?? 0) <= mark.version) return undefined;
  await deleteSeen(store, own.key, own.etag, signal);
  return 'taken back';
}

/** Version of the published file, by its first bytes; undefined if it has no version. */
async function fileVersion({ store, id, signal }: WriteInput): Promise<number | undefined> {
  const found = await store.open(targetsKey(id), { signal });
  for await (const piece of found?.chunks ?? []) return readVersionMark(piece)?.version;
  return undefined;
}

/** Versions between two looks at parts that no list names: a look lists them all. */
const orphansEvery = 100;

/**
 * Removes blocks that a run left which died, and parts of a form that is over. What the snapshot names stays, and what
 * was published `before`, for readers on their way; later versions may belong to a run under way, and young ones to one
 * of the same version.
 */
async function clearOrphans(
  { id, checkpoint, mark, store, now, signal }: WriteInput,
  before: readonly string[],
): Promise<void> {
  const { blocks = [], replaced = [] } = checkpoint;
  if (blocks.length === 0 && replaced.length === 0 && before.length === 0) return;
  const names = new Set([...before, ...[...blocks, ...replaced].map(({ name }) => name)]);
  const folder = partsFolder(id);
  for (const { key, modified } of await store.list(folder, { signal })) {
    const name = key.slice(folder.length);
    const part = parsePartName(name);
    if (part === undefined || names.has(name) || part.version > mark.version) continue;
    if (now().getTime() - modified >= grace) await store.delete(key, { signal });
  }
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
