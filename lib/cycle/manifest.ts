import * as z from 'zod';
import { MusterError } from '../base/errors.ts';
import { parsePartName } from '../targets/keys.ts';
import { decodeDocument, encodeDocument } from './document.ts';

/** An immutable piece of a list, packed since Muster's own mirror is its only reader. */
export interface Part {
  /** `<version in which it was first written>-<SHA-256 of its bytes as they are stored>`. */
  readonly name: string;
  /** Bytes as they are stored. */
  readonly size: number;
  /** How they are packed; plain without it. */
  readonly encoding?: 'gzip' | undefined;
  /** Bytes when unpacked, where they are packed. */
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
  /** What a part holds: canonical groups, one a line, or a file_sd file of its own, as it was once. */
  readonly form: 'groups' | 'file_sd';
  readonly parts: readonly Part[];
}

/** The highest `schema` of a manifest: 2 is one whose parts hold canonical groups. */
const knownManifestSchema = 2;

const schema = z.object({
  schema: z.union([z.literal(1), z.literal(knownManifestSchema)]),
  store: z.string(),
  version: z.int().min(1),
  targets: z.int().min(0),
  parts: z.array(
    z.object({
      name: z.string().refine((name) => parsePartName(name) !== undefined),
      size: z.int().min(0),
      encoding: z.literal('gzip').optional(),
      unpacked: z.int().min(0).optional(),
      targets: z.int().min(0),
    }),
  ),
});

/** A manifest has at most this many bytes: some 20,000 parts. */
export const maxManifestBytes = 4 << 20;

/** The manifest of canonical groups as an object of the bucket. */
export function encodeManifest({ store, version, parts }: Omit<Manifest, 'targets' | 'form'>): Uint8Array {
  const targets = parts.reduce((sum, part) => sum + part.targets, 0);
  return encodeDocument({ schema: knownManifestSchema, store, version, targets, parts });
}

/** The manifest behind an object; `key` names it in messages. Throws kind `malformed` or `newer`. */
export function decodeManifest(body: Uint8Array, key: string): Manifest {
  const found = decodeDocument(body, schema, key, knownManifestSchema);
  const { schema: number, ...manifest } = found;
  const sum = manifest.parts.reduce((count, { targets }) => count + targets, 0);
  if (sum !== manifest.targets)
    throw new MusterError('malformed', `${key} says ${manifest.targets} targets, its parts have ${sum}`);
  return { ...manifest, form: number === 1 ? 'file_sd' : 'groups' };
}
