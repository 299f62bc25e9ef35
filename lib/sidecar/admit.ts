import * as z from 'zod';
import { parseJson } from '../discovery/document.ts';
import { maxStatusBytes } from '../discovery/status.ts';
import { isMusterError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { VersionMark } from '../target/file-sd.ts';
import { type ProviderId, statusKey } from '../target/names.ts';
import type { SourceObject } from './state.ts';

/** A list, as far as it matters for whether it may take the place of another. */
export interface Listing {
  readonly mark: VersionMark | undefined;
  readonly targets: number;
}

/**
 * Whether a list of the bucket may take the place of the one on disk.
 *
 * - `older`: the one on disk has a higher version of the same store.
 * - `confirm`: only if the provider's status names it as published. It does not tell its version, it is not what this
 *   version was, or it would take away all targets, or more than half of at least ten.
 */
export type Admission = 'apply' | 'older' | 'confirm';

/** Judges by versions and counts alone; versions of two stores cannot be compared. */
export function admit(next: Listing, onDisk: Listing | undefined, acceptOlder: boolean): Admission {
  if (onDisk === undefined) return 'apply';
  if (onDisk.mark !== undefined) {
    if (next.mark === undefined) return 'confirm';
    if (next.mark.store === onDisk.mark.store) {
      // Whoever takes an older version takes what it lacks.
      if (next.mark.version < onDisk.mark.version) return acceptOlder ? 'apply' : 'older';
      if (next.mark.version === onDisk.mark.version) return 'confirm';
    }
  }
  return isLargeLoss(next.targets, onDisk.targets) ? 'confirm' : 'apply';
}

/** As the gate's own defaults: `max_removed: 0.5` from `min_targets: 10` up, or all. */
const maxRemoved = 0.5;
const minTargets = 10;

function isLargeLoss(after: number, before: number): boolean {
  if (after === 0) return before > 0;
  return before >= minTargets && after < before * (1 - maxRemoved);
}

/** Of two lists of one provider the one that counts: the higher version of one store. */
export function isLater(a: VersionMark | undefined, b: VersionMark | undefined): boolean | undefined {
  if (a === undefined || b === undefined || a.store !== b.store) return undefined;
  return a.version > b.version;
}

/**
 * Why the provider's status does not name the object as published; undefined where it does. Throws what the store
 * throws, but for a status that may not be read.
 */
export async function whyUnconfirmed(
  store: ObjectStore,
  id: ProviderId,
  { key, etag }: SourceObject,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const found = await store.get(statusKey(id), { maxBytes: maxStatusBytes, signal });
    if (found === undefined || found === 'unchanged') return 'the store has no status of it';
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

/** Of a status of any schema. */
const statusFiles = z.looseObject({ files: z.array(z.looseObject({ key: z.string(), etag: z.string() })) });
