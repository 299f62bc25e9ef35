import { isMusterError, MusterError } from '../base/errors.ts';
import { unpack } from '../base/gzip-lines.ts';
import { defaultMaxBytes, type ObjectStore } from '../store/store.ts';
import { type Groups, toGroups } from '../targets/canonical.ts';
import { applyChange } from '../targets/diff.ts';
import type { Cursor } from '../targets/discover.ts';
import { fileSdOfLines, readVersionMark } from '../targets/file-sd.ts';
import { decodeFileSd, type FileSdGroup } from '../targets/file-sd-reader.ts';
import {
  journalFolder,
  journalKey,
  manifestKey,
  type ProviderId,
  parseJournalVersion,
  partKey,
  snapshotKey,
  targetsKey,
} from '../targets/keys.ts';
import { type Control, noControl } from './control.ts';
import { decodeJournalEntry } from './journal.ts';
import { decodeManifest, maxManifestBytes } from './manifest.ts';
import type { Step } from './memory.ts';
import { type Checkpoint, decodeSnapshot, type Snapshot } from './snapshot.ts';

/** The list as the bucket has it: the snapshot with the journal's later changes. */
export interface Loaded {
  /** Newest version that is known; 0 where there is none. */
  readonly version: number;
  readonly groups: Groups;
  readonly cursor: Cursor | undefined;
  /** Names of the backend that it was listed from, as far as the snapshot knows. */
  readonly backend: readonly string[];
  /** How many targets were listed before, lately. */
  readonly steps: readonly Step[];
  /** Version and write of the snapshot, as far as there is one. */
  readonly checkpoint: Checkpoint | undefined;
  /** What operators have decided. */
  readonly control: Control;
  /** Why the history cannot be used. The groups are then those of the target files, which hold what is published. */
  readonly damaged?: string | undefined;
  /** Published groups whose digests alone are known: their block is gone. */
  readonly lost?: Groups | undefined;
}

/** A list from which nothing is known. */
const nothingLoaded: Loaded = {
  version: 0,
  groups: new Map(),
  cursor: undefined,
  backend: [],
  steps: [],
  control: noControl,
  checkpoint: undefined,
};

/** The provider, and the store that it is read from. */
interface Source {
  readonly store: ObjectStore;
  readonly id: ProviderId;
  readonly signal: AbortSignal | undefined;
}

interface ReadInput {
  readonly warm?: Loaded | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads snapshot and journal. With `warm`, an unchanged snapshot is neither sent nor decoded again. What is damaged or
 * gone is rebuilt from the target files, with a version above all that are known. Throws kind `newer` for what a later
 * Muster wrote.
 */
export async function loadProvider(
  store: ObjectStore,
  id: ProviderId,
  { warm, signal }: ReadInput,
): Promise<Loaded> {
  const warmEtag = warm?.damaged === undefined ? warm?.checkpoint?.etag : undefined;
  const found = await store.getIfChanged(snapshotKey(id), warmEtag, { signal });
  if (found === 'unchanged' && warm !== undefined) return replay(store, id, warm, signal);
  if (found === undefined || found === 'unchanged') return replayFromStart(store, id, signal);
  try {
    const snapshot = await decodeSnapshot(found.body);
    return await replay(store, id, fromSnapshot(snapshot, found.etag), signal);
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    const checkpoint = { version: 0, etag: found.etag };
    const from = { ...nothingLoaded, checkpoint };
    return rebuild({ store, id, signal }, from, `the snapshot cannot be read: ${error.message}`);
  }
}

function fromSnapshot(
  { version, groups, cursor, backend = [], steps = [], control = noControl, blocks, replaced }: Snapshot,
  etag: string,
): Loaded {
  const checkpoint = { version, etag, blocks, replaced };
  return { version, groups, cursor, backend, steps, control, checkpoint };
}

/** Applies each change after the loaded version until the first that is not there. */
async function replay(
  store: ObjectStore,
  id: ProviderId,
  from: Loaded,
  signal: AbortSignal | undefined,
): Promise<Loaded> {
  let { version, groups, control } = from;
  for (;;) {
    const found = await store.get(journalKey(id, version + 1), signal && { signal });
    if (found === undefined) return { ...from, version, groups, control };
    try {
      const entry = await decodeJournalEntry(found.body, signal);
      if (entry.version !== version + 1)
        throw new MusterError('malformed', `it says that it is version ${entry.version}`);
      groups = applyChange(groups, entry.change);
      control = entry.control?.state ?? control;
    } catch (error) {
      if (!isMusterError(error, 'malformed') && !isMusterError(error, 'storage')) throw error;
      const damaged = `journal entry ${version + 1}: ${error.message}`;
      return rebuild({ store, id, signal }, { ...from, control }, damaged);
    }
    version++;
  }
}

/**
 * Without a snapshot the journal has everything, unless its beginning was removed. It is listed before it is
 * read, so that what another run commits meanwhile does not look like a gap.
 */
async function replayFromStart(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<Loaded> {
  const last = await lastVersion(store, id, signal);
  const loaded = await replay(store, id, nothingLoaded, signal);
  if (loaded.damaged !== undefined || (loaded.version >= last && loaded.version > 0)) return loaded;
  if (last > 0)
    return rebuild(
      { store, id, signal },
      nothingLoaded,
      'the snapshot is gone, and the journal does not reach back to its beginning',
    );
  const published = await readPublished(store, id, signal);
  if (published === undefined) return loaded;
  return rebuild({ store, id, signal }, nothingLoaded, 'the snapshot and the journal are gone');
}

/** What is published is known from the target files alone. */
async function rebuild(
  { store, id, signal }: Source,
  { checkpoint, control }: Loaded,
  damaged: string,
): Promise<Loaded> {
  const [last, published] = await Promise.all([
    lastVersion(store, id, signal),
    readPublished(store, id, signal),
  ]);
  const groups = published?.groups ?? [];
  return {
    ...nothingLoaded,
    version: Math.max(last, published?.version ?? 0, checkpoint?.version ?? 0),
    groups: toGroups(
      groups.map(({ targets, labels }, index) => ({
        source: `published/${index}`,
        labels,
        targets: targets.map((address) => ({ __address__: address })),
      })),
    ),
    control,
    checkpoint,
    damaged,
  };
}

/**
 * The last version of the journal. Objects that are no entries do not count, nor does a single entry far beyond a run
 * of others: somebody put it there.
 */
async function lastVersion(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<number> {
  const objects = await store.list(journalFolder(id), signal && { signal });
  const versions = objects.flatMap(({ key }) => {
    const version = parseJournalVersion(key);
    return version !== undefined && version < mostVersions && key === journalKey(id, version)
      ? [version]
      : [];
  });
  const known = new Set(versions);
  const isRun = (version: number) => known.has(version - 1) || version === 1;
  const last = versions.filter(isRun).reduce((highest, version) => Math.max(highest, version), 0);
  return last === 0 && versions.length === 1 ? (versions[0] ?? 0) : last;
}

/** A journal key has twelve digits. */
const mostVersions = 10 ** 12 - 1;

/** What the target files of a provider hold. */
export interface PublishedList {
  /** 0 where the file does not say. */
  readonly version: number;
  readonly groups: readonly FileSdGroup[];
}

/**
 * Reads the published list of a provider from its file or its parts, whichever has the higher version; undefined if
 * neither can be read. For rebuilding: a cycle knows its list by snapshot and journal.
 */
export async function readPublished(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const [file, parts] = await Promise.all([
    unlessUnreadable(readFile(store, id, signal)),
    unlessUnreadable(readParts(store, id, signal)),
  ]);
  if (file === undefined || parts === undefined) return file ?? parts;
  return file.version > parts.version ? file : parts;
}

async function readFile(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const found = await store.get(targetsKey(id), signal && { signal });
  if (found === undefined) return undefined;
  const groups = decodeFileSd(found.body).filter(({ targets }) => targets.length > 0);
  return { version: readVersionMark(found.body)?.version ?? 0, groups };
}

async function readParts(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const key = manifestKey(id);
  const found = await store.get(key, { maxBytes: maxManifestBytes, signal });
  if (found === undefined) return undefined;
  const { version, form, parts } = decodeManifest(found.body, key);
  const groups: FileSdGroup[] = [];
  for (const { name, encoding } of parts) {
    const part = await store.get(partKey(id, name), signal && { signal });
    if (part === undefined) return undefined;
    const plain = encoding === 'gzip' ? await unpack(part.body, defaultMaxBytes) : part.body;
    const file = form === 'file_sd' ? plain : fileSdOfLines(Buffer.from(plain));
    for (const group of decodeFileSd(file)) groups.push(group);
  }
  return { version, groups };
}

async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMusterError(error, 'malformed') || isMusterError(error, 'too-large')) return undefined;
    throw error;
  }
}
