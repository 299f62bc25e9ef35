import * as z from 'zod';
import { MusterError } from '../base/errors.ts';
import { parsePartName } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';

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
