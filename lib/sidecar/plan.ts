import type { ListedObject } from '../store/store.ts';
import { parseTargetsKey, type TargetsKey } from '../target/names.ts';

/**
 * Why an object of the bucket is not applied.
 *
 * - `key`: its key is none of ours (`..` in it, too long, another ending).
 * - `clash`: its job differs from another only in case, which is one folder on some file systems.
 * - `incomplete`: a shard is missing, or there is a whole object beside the shards.
 * - `too-large`: over the size limit.
 * - `invalid`: not file_sd JSON.
 * - `digest`: its content is not what its own metadata says; it is fetched again in the next round.
 * - `blocked`: a folder or a symbolic link lies where its file belongs.
 */
export const rejectionReasons = [
  'key',
  'clash',
  'incomplete',
  'too-large',
  'invalid',
  'digest',
  'blocked',
] as const;

export interface Rejection {
  readonly key: string;
  readonly reason: (typeof rejectionReasons)[number];
  /** One line for a person. */
  readonly message: string;
}

/** A provider's file as the bucket wants it. */
export interface WantedFile {
  /** `<encoded job>/<provider>.json` below the folder. */
  readonly path: string;
  readonly segment: string;
  readonly job: string;
  readonly provider: string;
  /** In the order of the shards. */
  readonly parts: readonly ListedObject[];
  readonly sharded: boolean;
}

export interface Plan {
  readonly wanted: readonly WantedFile[];
  readonly rejections: readonly Rejection[];
  /** All paths the listing speaks of, wanted or rejected: none of them may be removed. */
  readonly named: ReadonlySet<string>;
}

/** What a complete listing of `targets/` asks for. Where jobs clash, the one that is `owned` already stays. */
export function planMirror(listing: readonly ListedObject[], owned: Iterable<string>): Plan {
  const rejections: Rejection[] = [];
  const drafts = new Map<string, Draft>();
  for (const object of listing) {
    const key = parseTargetsKey(object.key);
    if (key === undefined || key.provider.length > longestProvider) rejections.push(strangeKey(object.key));
    else draftOf(drafts, key).objects.push({ object, shard: key.shard });
  }
  const folderByName = new Map([...owned].map(segmentOf).map((segment) => [segment.toLowerCase(), segment]));
  const wanted: WantedFile[] = [];
  for (const draft of drafts.values()) {
    const folder = getOrSet(folderByName, draft.segment.toLowerCase(), draft.segment);
    const rejection = folder === draft.segment ? rejectShards(draft) : clash(draft, folder);
    if (rejection === undefined) wanted.push(finish(draft));
    else rejections.push(rejection);
  }
  return { wanted, rejections, named: new Set(drafts.keys()) };
}

/** The folder of a path below the target folder: the encoded job. */
export function segmentOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** A file name has 255 bytes at most. */
const longestProvider = 255 - '.json'.length;

interface Draft extends Omit<WantedFile, 'parts' | 'sharded'> {
  readonly objects: { readonly object: ListedObject; readonly shard: number | undefined }[];
}

function draftOf(drafts: Map<string, Draft>, { segment, job, provider }: TargetsKey): Draft {
  const path = `${segment}/${provider}.json`;
  return getOrSet(drafts, path, { path, segment, job, provider, objects: [] });
}

function finish({ objects, ...draft }: Draft): WantedFile {
  const sorted = objects.toSorted((a, b) => (a.shard ?? 0) - (b.shard ?? 0));
  return {
    ...draft,
    parts: sorted.map(({ object }) => object),
    sharded: objects.some(({ shard }) => shard !== undefined),
  };
}

/** Of an object that is none of ours. */
export function strangeKey(key: string): Rejection {
  return {
    key,
    reason: 'key',
    message: `${quote(key)} is not the key of a target file; remove the object from the bucket`,
  };
}

function clash({ objects, job }: Draft, folder: string): Rejection {
  return {
    key: objects[0]?.object.key ?? '',
    reason: 'clash',
    message: `job ${quote(job)} differs from the job in folder ${quote(folder)} only in case; rename one of them`,
  };
}

/** Shards come one by one when a provider is split anew: until all are there the last good file stays. */
function rejectShards({ objects, path }: Draft): Rejection | undefined {
  const shards = new Set(objects.map(({ shard }) => shard));
  const mixed = shards.has(undefined) && shards.size > 1;
  const missing = [...shards.keys()].findIndex((_, shard) => !shards.has(shard));
  if (!mixed && (missing === -1 || shards.has(undefined))) return undefined;
  const what = mixed ? 'has a whole object beside its shards' : `lacks shard ${missing}`;
  return {
    key: objects[0]?.object.key ?? '',
    reason: 'incomplete',
    message: `${quote(path)} ${what}; the last good file stays until the publisher has finished`,
  };
}

/** A hostile key is printed as data, at a length that fits a line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function getOrSet<K, V>(map: Map<K, V>, key: K, value: V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  map.set(key, value);
  return value;
}
