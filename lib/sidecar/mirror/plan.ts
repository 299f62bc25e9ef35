import type { ListedObject } from '../../store/store.ts';
import { folders, parseTargetsKey, type TargetsKey } from '../../targets/keys.ts';

/**
 * Why an object of the bucket is not applied.
 *
 * - `key`: this version of Muster does not know its key.
 * - `clash`: its job differs from another job only in case, and this file system would use one folder for both.
 * - `incomplete`: a part of its list is missing.
 * - `too-large`: it is over the size limit.
 * - `invalid`: it is not file_sd JSON, or not a manifest.
 * - `digest`: its content, or that of a part, does not match its name or metadata; it is fetched again.
 * - `newer`: a newer Muster wrote it, in a form that this one does not know.
 * - `older`: the file on disk holds a later version of the same store.
 * - `unconfirmed`: it would remove most targets, or it does not name its version, and the provider's status does not
 *   name it as published.
 * - `blocked`: a folder or a symbolic link is in the place of its file.
 */
export const rejectionReasons = [
  'key',
  'clash',
  'incomplete',
  'too-large',
  'invalid',
  'digest',
  'newer',
  'older',
  'unconfirmed',
  'blocked',
] as const;

/** An object that is not applied, and why. */
export interface Rejection {
  readonly key: string;
  readonly reason: (typeof rejectionReasons)[number];
  /** One line for a person. */
  readonly message: string;
}

/** A provider's file, as the bucket lists it. */
export interface WantedFile {
  /** `<encoded job>/<provider>.json` below the folder. */
  readonly path: string;
  readonly segment: string;
  readonly job: string;
  readonly provider: string;
  /** The target file or the manifest of a list in parts; both while one replaces the other. */
  readonly objects: readonly ListedObject[];
}

/** The files that a listing asks for, and what else it has. */
export interface Plan {
  readonly wanted: readonly WantedFile[];
  readonly rejections: readonly Rejection[];
  /** All paths that the listing names, wanted or rejected. */
  readonly named: ReadonlySet<string>;
  /** A key below `targets/` that this version does not know; it may replace any file. */
  readonly unknown: string | undefined;
}

/** The files that a complete listing of `targets/` asks for. */
export function planMirror(listing: readonly ListedObject[]): Plan {
  const rejections: Rejection[] = [];
  const drafts = new Map<string, Draft>();
  for (const object of listing) {
    const key = parseTargetsKey(object.key);
    if (key === undefined) rejections.push(unknownKey(object.key));
    else draftOf(drafts, key).objects.push(object);
  }
  const [unknown] = rejections;
  return {
    wanted: [...drafts.values()],
    rejections,
    named: new Set(drafts.keys()),
    unknown: unknown?.key,
  };
}

/**
 * Rejects jobs that clash on a file system on which `API` and `api` are one folder. The first of two such jobs gets the
 * folder, or the one with files in `staying`: the files on disk that do not go in this round.
 */
export function refuseClashes(plan: Plan, staying: Iterable<string>): Plan {
  const folderByName = new Map(
    [...staying].map(segmentOf).map((segment) => [segment.toLowerCase(), segment]),
  );
  const wanted: WantedFile[] = [];
  const rejections = [...plan.rejections];
  for (const file of plan.wanted) {
    const folder = getOrSet(folderByName, file.segment.toLowerCase(), file.segment);
    if (folder === file.segment) wanted.push(file);
    else rejections.push(clash(file, folder));
  }
  return { ...plan, wanted, rejections };
}

/** The folder of a path below the target folder: the encoded job. */
export function segmentOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** The path of the file that an object is for; undefined if this version does not know the key. */
export function pathOfKey(key: string): string | undefined {
  const parsed = parseTargetsKey(key);
  return parsed && `${parsed.segment}/${parsed.provider}.json`;
}

/** The job and the provider of a path below the target folder. */
export function idOfPath(path: string): { readonly job: string; readonly provider: string } {
  const { job = '', provider = '' } = parseTargetsKey(folders.targets + path) ?? {};
  return { job, provider };
}

/** The rejection of an object whose key no version of Muster writes. */
export function foreignKey(key: string): Rejection {
  return { key, reason: 'key', message: `${quote(key)} is not the key of a target file; it is ignored` };
}

/** A newer version may know the key, and its object may replace a file. */
function unknownKey(key: string): Rejection {
  return {
    key,
    reason: 'key',
    message: `${quote(key)} is not a key that this version knows; no file is removed while it exists`,
  };
}

interface Draft extends WantedFile {
  readonly objects: ListedObject[];
}

function draftOf(drafts: Map<string, Draft>, { segment, job, provider }: TargetsKey): Draft {
  const path = `${segment}/${provider}.json`;
  return getOrSet(drafts, path, { path, segment, job, provider, objects: [] });
}

function clash({ objects, job }: WantedFile, folder: string): Rejection {
  return {
    key: objects[0]?.key ?? '',
    reason: 'clash',
    message: `job ${quote(job)} differs from the job in folder ${quote(folder)} only in case, and this file system has one folder for both: rename one of them`,
  };
}

/** Quotes a key, which may be hostile, and cuts it to the length of a line. */
function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function getOrSet<K, V>(map: Map<K, V>, key: K, value: V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  map.set(key, value);
  return value;
}
