import { createHash } from 'node:crypto';
import * as z from 'zod';
import { isMusterError, MusterError } from '../base/errors.ts';
import { packPieces } from '../base/gzip-lines.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, parsePartName, partKey, partsFolder } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';
import { clockSkew } from './status.ts';

/**
 * An immutable piece of a list: a file_sd file of its own, packed since Muster's own mirror is its only reader. A plain
 * file is left as it is, which any tool may copy.
 */
export interface Part {
  /** `<version in which it was first written>-<SHA-256 of its bytes as they are stored>`. */
  readonly name: string;
  /** Bytes as they are stored. */
  readonly size: number;
  /** How they are packed; plain without it. */
  readonly encoding?: 'gzip' | undefined;
  /** Bytes of the file_sd file, where they are packed. */
  readonly unpacked?: number | undefined;
  /** Targets in it. */
  readonly targets: number;
}

/**
 * A list in parts, written last: a reader of the manifest finds all its parts, which are never changed. A list is the
 * groups of its parts, one part after the other.
 */
export interface Manifest {
  /** Id of the store. */
  readonly store: string;
  readonly version: number;
  /** Targets of all parts together. */
  readonly targets: number;
  readonly parts: readonly Part[];
  /** Parts of earlier versions, kept for readers that are on their way, and when each was replaced (ISO 8601). */
  readonly replaced: readonly { readonly name: string; readonly at: string }[];
}

const partName = z.string().refine((name) => parsePartName(name) !== undefined);

const schema = z.object({
  schema: z.literal(1),
  store: z.string(),
  version: z.int().min(1),
  targets: z.int().min(0),
  parts: z
    .array(
      z.object({
        name: partName,
        size: z.int().min(0),
        encoding: z.literal('gzip').optional(),
        unpacked: z.int().min(0).optional(),
        targets: z.int().min(0),
      }),
    )
    .min(1),
  replaced: z.array(z.object({ name: partName, at: z.iso.datetime() })),
});

/** A manifest has at most this many bytes: 1,000 parts, and those that they replaced. */
export const maxManifestBytes = 4 << 20;

/** The manifest as an object of the bucket. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeDocument({ schema: 1, ...manifest });
}

/** The manifest behind an object; `key` names it in messages. Throws kind `malformed` or `newer`. */
export function decodeManifest(body: Uint8Array, key: string): Manifest {
  const { schema: _, ...manifest } = decodeDocument(body, schema, key);
  const sum = manifest.parts.reduce((count, { targets }) => count + targets, 0);
  if (sum !== manifest.targets)
    throw new MusterError('malformed', `${key} says ${manifest.targets} targets, its parts have ${sum}`);
  return manifest;
}

/** Milliseconds that a replaced part stays for readers which have an older manifest. */
const grace = 60 * 60_000;

interface PartInput {
  readonly store: ObjectStore;
  readonly id: ProviderId;
  readonly version: number;
  /** The file_sd file. */
  readonly pieces: Iterable<Uint8Array>;
  readonly targets: number;
  /** Parts of the manifest that is there. */
  readonly known: readonly Part[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes one part, unless the manifest that is there has the same bytes. Its name holds digest and version: a name that
 * has left the manifest never comes back, so that clearing it takes nothing away from a later version.
 */
export async function writePart({
  store,
  id,
  version,
  pieces,
  targets,
  known,
  signal,
}: PartInput): Promise<Part> {
  let unpacked = 0;
  const counted = function* (): Generator<Uint8Array, undefined> {
    for (const piece of pieces) {
      unpacked += piece.length;
      yield piece;
    }
    return undefined;
  };
  const body = await packPieces(counted());
  const digest = createHash('sha256').update(body).digest('hex');
  const same = known.find(({ name }) => parsePartName(name)?.digest === digest);
  // It is known by name only; that it is there is looked at, since a lost one is to be mended here.
  const isThere = same !== undefined && (await store.head(partKey(id, same.name), { signal })) !== undefined;
  if (same !== undefined && isThere) return same;
  const name = `${String(version).padStart(12, '0')}-${digest}`;
  try {
    const options = { condition: 'create', contentType: 'application/gzip' } as const;
    await store.put(partKey(id, name), body, { ...options, signal });
  } catch (error) {
    // Another run at this version wrote the very same bytes.
    if (!isMusterError(error, 'conflict')) throw error;
  }
  return { name, size: body.byteLength, encoding: 'gzip', unpacked, targets };
}

/** Parts that a new manifest no longer has. */
export function replacedParts(
  before: readonly Part[],
  after: readonly Part[],
  now: Date,
): Manifest['replaced'] {
  const current = new Set(after.map(({ name }) => name));
  const gone = before.filter(({ name }) => !current.has(name));
  return gone.map(({ name }) => ({ name, at: now.toISOString() }));
}

interface ClearInput {
  readonly store: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

/** Removes replaced parts whose time is over, and returns those that stay. A time in the future starts again. */
export async function clearReplaced(
  id: ProviderId,
  replaced: Manifest['replaced'],
  { store, now, signal }: ClearInput,
): Promise<Manifest['replaced']> {
  const staying: { name: string; at: string }[] = [];
  for (const { name, at } of replaced) {
    const age = now.getTime() - Date.parse(at);
    if (age >= grace) await store.delete(partKey(id, name), { signal });
    else staying.push({ name, at: age < -clockSkew ? now.toISOString() : at });
  }
  return staying;
}

/**
 * Removes parts that a run left which died before its manifest. Those of later versions may belong to a run under way,
 * and young ones to one of the same version.
 */
export async function clearOrphans(
  id: ProviderId,
  { version, parts, replaced }: Manifest,
  { store, now, signal }: ClearInput,
): Promise<void> {
  const names = new Set([...parts, ...replaced].map(({ name }) => name));
  const folder = partsFolder(id);
  for (const { key, modified } of await store.list(folder, { signal })) {
    const name = key.slice(folder.length);
    const part = parsePartName(name);
    if (part === undefined || names.has(name) || part.version > version) continue;
    if (now.getTime() - modified >= grace) await store.delete(key, { signal });
  }
}
