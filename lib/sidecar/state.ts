import * as z from 'zod';
import { MusterError } from '../errors.ts';
import { folders, parseTargetsKey } from '../target/names.ts';

/** An object of the bucket which a file was made of. */
export interface OwnedPart {
  readonly key: string;
  readonly etag: string;
  readonly sha256: string;
  /** Number of targets in it. */
  readonly targets: number;
}

/** A file in the folder which the mirror wrote, or is about to write. */
export interface OwnedFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** In the order of the shards. */
  readonly parts: readonly OwnedPart[];
  /**
   * How the file looked once it was in place. Absent: the rename was announced, but perhaps never done, so that the
   * file is ours only if its content is.
   */
  readonly facts?: z.infer<typeof facts> | undefined;
}

/** What is ours, by path below the folder: `<encoded job>/<provider>.json`. */
export type Owned = ReadonlyMap<string, OwnedFile>;

/** `shard` is the part of all targets that the files hold, as `0/2`. */
export function encodeState(owned: Owned, shard?: string): Uint8Array {
  const files = Object.fromEntries([...owned].sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(`${JSON.stringify({ version: 1, shard, files }, undefined, 1)}\n`);
}

/** Throws (kind `malformed`) when the bytes are not a whole state. A path that leads out of the folder is not one. */
export function decodeState(bytes: Uint8Array): {
  readonly owned: Map<string, OwnedFile>;
  readonly shard: string | undefined;
} {
  try {
    const { files, shard } = stateSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    return { owned: new Map(Object.entries(files)), shard };
  } catch (cause) {
    throw new MusterError('malformed', 'the state of the mirror cannot be read', { cause });
  }
}

/** Number of targets in a file. */
export function countTargets(file: OwnedFile): number {
  return file.parts.reduce((sum, { targets }) => sum + targets, 0);
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const facts = z.object({
  kind: z.literal('file'),
  size: z.number(),
  inode: z.number(),
  links: z.number(),
  modified: z.number(),
  changed: z.number(),
});

const ownedFile = z.object({
  sha256: digest,
  size: z.int().min(0),
  parts: z.array(z.object({ key: z.string(), etag: z.string(), sha256: digest, targets: z.int().min(0) })),
  facts: facts.optional(),
});

const stateSchema = z.object({
  version: z.literal(1),
  shard: z.string().optional(),
  files: z.record(z.string().refine(isTargetPath), ownedFile),
});

function isTargetPath(path: string): boolean {
  const parsed = parseTargetsKey(folders.targets + path);
  return parsed !== undefined && parsed.shard === undefined;
}
