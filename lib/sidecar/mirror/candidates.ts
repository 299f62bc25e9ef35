import * as z from 'zod';
import { isMusterError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { decodeManifest, type Manifest, maxManifestBytes } from '../../cycle/manifest.ts';
import { maxStatusBytes } from '../../cycle/status.ts';
import type { ListedObject, ObjectStore } from '../../store/store.ts';
import type { VersionMark } from '../../targets/file-sd.ts';
import { type ProviderId, parseTargetsKey, statusKey } from '../../targets/keys.ts';
import { discard, download, type Fetched, longestHeld } from './fetch.ts';
import type { WantedFile } from './plan.ts';
import type { RoundState } from './round.ts';
import type { OwnedFile, SourceObject } from './state.ts';

/** The content of a listed object: `held` when the file on disk is made of it, else a fetched file or a manifest. */
export type Candidate = { readonly source: SourceObject; readonly mark: VersionMark | undefined } & (
  | { readonly form: 'held' }
  | { readonly form: 'file'; readonly fetched: Fetched }
  | { readonly form: 'manifest'; readonly manifest: Manifest }
);

/** An object that could not be read, and why: a MusterError, or what the store and the disk throw. */
export interface Unread {
  readonly form: 'unread';
  readonly key: string;
  readonly error: unknown;
}

/**
 * Reads the object that is listed for a file, if it is not on disk yet; for a list in parts, reads the manifest. While a
 * manifest replaces a target file, or the other way round, both exist, and the higher version counts. `undefined` when
 * the objects are gone since the listing. Never throws: a bad object is `unread`, with an error of kind `malformed`,
 * `newer` or `too-large`, or of the store or the disk.
 */
export async function readCandidate(
  round: RoundState,
  wanted: WantedFile,
  held: OwnedFile | undefined,
): Promise<Candidate | Unread | undefined> {
  // The manifest first: it is small.
  const objects = wanted.objects.toSorted((a, b) => (isManifest(a) ? 0 : 1) - (isManifest(b) ? 0 : 1));
  let best: Candidate | undefined;
  for (const object of objects) {
    const next = await readOne(round, object, held).catch(
      (error: unknown): Unread => ({ form: 'unread', key: object.key, error }),
    );
    if (next === undefined) continue;
    if (next.form === 'unread') {
      if (best?.form === 'file') await discard(round.folder, best.fetched.content);
      return next;
    }
    if (best === undefined) best = next;
    else {
      const [kept, left] = isBetter(next, best, held) ? [next, best] : [best, next];
      if (left.form === 'file') await discard(round.folder, left.fetched.content);
      best = kept;
    }
  }
  return best;
}

function isManifest({ key }: ListedObject): boolean {
  return parseTargetsKey(key)?.form === 'manifest';
}

async function readOne(
  round: RoundState,
  object: ListedObject,
  held: OwnedFile | undefined,
): Promise<Candidate | undefined> {
  const { store, signal, limit, maxObjectBytes } = round;
  const { key } = object;
  const source = held?.source?.key === key ? held.source : undefined;
  const kept = source && ({ form: 'held', source, mark: held?.mark } as const);
  if (kept !== undefined && source?.etag === object.etag) return kept;
  const onBytes = (count: number) => {
    round.bytes += count;
  };
  if (isManifest(object)) {
    const maxBytes = Math.min(maxObjectBytes, maxManifestBytes);
    const found = await limit(() => store.getIfChanged(key, source?.etag, { maxBytes, signal }));
    if (found === 'unchanged' || found === undefined) return found && kept;
    onBytes(found.body.byteLength);
    const manifest = decodeManifest(found.body, key);
    const { store: id, version } = manifest;
    return { form: 'manifest', source: { key, etag: found.etag }, mark: { store: id, version }, manifest };
  }
  const large = object.size > longestHeld;
  const input = { ...round, onBytes, large, ifNoneMatch: source?.etag };
  const found = await limit(() => download(input, object));
  if (found === 'unchanged' || found === undefined) return found && kept;
  return { form: 'file', source: { key, etag: found.etag }, mark: found.mark, fetched: found };
}

/** Compares versions; without them, prefers the store of the file on disk, then the object that has a version. */
function isBetter(next: Candidate, best: Candidate, held: OwnedFile | undefined): boolean {
  const later = isLater(next.mark, best.mark);
  if (later !== undefined) return later;
  const isOfStore = ({ mark }: Candidate) => mark !== undefined && mark.store === held?.mark?.store;
  if (isOfStore(next) !== isOfStore(best)) return isOfStore(next);
  return next.mark !== undefined && best.mark === undefined;
}

/** What decides whether a list may replace another. */
export interface Listing {
  readonly mark: VersionMark | undefined;
  readonly targets: number;
}

/**
 * Whether a list of the bucket may replace the one on disk.
 *
 * - `apply`: it may.
 * - `older`: it may not; the one on disk has a higher version of the same store.
 * - `confirm`: only if the provider's status names it as published. It does not name its version, it has the version on
 *   disk but another content, or it would remove all targets, or more than half of at least ten.
 */
export type Admission = 'apply' | 'older' | 'confirm';

/** Decides by versions and counts; versions of two stores cannot be compared. */
export function admit(next: Listing, onDisk: Listing | undefined, acceptOlder: boolean): Admission {
  if (onDisk === undefined) return 'apply';
  if (onDisk.mark !== undefined) {
    if (next.mark === undefined) return 'confirm';
    if (next.mark.store === onDisk.mark.store) {
      // An operator who accepts an older version accepts what it lacks.
      if (next.mark.version < onDisk.mark.version) return acceptOlder ? 'apply' : 'older';
      if (next.mark.version === onDisk.mark.version) return 'confirm';
    }
  }
  return isLargeLoss(next.targets, onDisk.targets) ? 'confirm' : 'apply';
}

/** The defaults of the gate: `max_removed: 0.5` from `min_targets: 10` up. */
const maxRemoved = 0.5;
const minTargets = 10;

function isLargeLoss(after: number, before: number): boolean {
  if (after === 0) return before > 0;
  return before >= minTargets && after < before * (1 - maxRemoved);
}

/** Whether the first version is higher; undefined when the two cannot be compared. */
export function isLater(a: VersionMark | undefined, b: VersionMark | undefined): boolean | undefined {
  if (a === undefined || b === undefined || a.store !== b.store) return undefined;
  return a.version > b.version;
}

/**
 * Why the provider's status does not name the object as published; undefined when it does. A status that may not be read
 * is a reason. Throws what else the store throws.
 */
export async function whyUnconfirmed(
  store: ObjectStore,
  id: ProviderId,
  { key, etag }: SourceObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const found = await store.get(statusKey(id), { maxBytes: maxStatusBytes, signal });
    if (found === undefined) return 'the store has no status of it';
    const { files } = statusFiles.parse(parseJson(new TextDecoder().decode(found.body)));
    const isNamed = files.some((file) => file.key === key && file.etag === etag);
    return isNamed ? undefined : 'its status names another object as published';
  } catch (error) {
    if (isMusterError(error, 'denied') || isMusterError(error, 'too-large'))
      return `its status cannot be read: ${error.message}`;
    if (isMusterError(error, 'malformed') || error instanceof z.ZodError) return 'its status cannot be read';
    throw error;
  }
}

/** The field that a status of any schema has. */
const statusFiles = z.looseObject({ files: z.array(z.looseObject({ key: z.string(), etag: z.string() })) });
