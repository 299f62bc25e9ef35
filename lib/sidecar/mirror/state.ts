import * as z from 'zod';
import { MusterError } from '../../base/errors.ts';
import type { VersionMark } from '../../targets/file-sd.ts';
import { folders, parsePartName, parseTargetsKey } from '../../targets/keys.ts';

/** A part of a list, kept on disk beside the joined file. */
export interface OwnedPart {
  /** Its name in the manifest. */
  readonly name: string;
  /** Digest of the kept content: the whole part, or the targets of a shard. */
  readonly sha256: string;
  readonly targets: number;
  /** Targets of the whole part. */
  readonly total: number;
}

/** One version of an object in the bucket. */
export interface SourceObject {
  readonly key: string;
  readonly etag: string;
}

/** A file that the mirror wrote, or is about to write. */
export interface OwnedFile {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The target file or the manifest that it was made of. Undefined: it holds something that the bucket does not have.
   */
  readonly source?: SourceObject | undefined;
  /** The version of the list that it holds, and its store; undefined if the object names none. */
  readonly mark?: VersionMark | undefined;
  /** Targets in the file. */
  readonly targets: number;
  /** Targets of the whole list; the file may hold a shard of it. */
  readonly total: number;
  /** The parts of a joined file, in their order. */
  readonly parts: readonly OwnedPart[];
  /**
   * The facts of the file after its rename. Undefined: the rename was announced, but perhaps never done; the file is
   * the mirror's only if its content is right.
   */
  readonly facts?: z.infer<typeof facts> | undefined;
}

/** The files that the mirror wrote, by path below the folder: `<encoded job>/<provider>.json`. */
export type Owned = ReadonlyMap<string, OwnedFile>;

/**
 * The one file of a job whose lists lie apart, in the mirror's own folder. Everything in it can be made again of the
 * lists.
 */
export interface JobFile {
  /** Whether the lists lie apart. False: they are files of their own again, and the mirror removes this file. */
  readonly apart: boolean;
  /** Stands for the lists that are in it; undefined before it was first written. */
  readonly made?: string | undefined;
  readonly facts?: z.infer<typeof facts> | undefined;
}

/** The files of jobs, by segment: the encoded job. */
export type Jobs = ReadonlyMap<string, JobFile>;

/** The state of a mirror on disk. */
export interface State {
  readonly owned: Map<string, OwnedFile>;
  readonly jobs: Map<string, JobFile>;
  /** The shard whose targets the files hold, as in `0/2`. */
  readonly shard: string | undefined;
  /** Whether an older Muster wrote it, which did not record the versions of files. */
  readonly unmarked: boolean;
}

/**
 * Encodes a state; `shard` is the one whose targets the files hold, as in `0/2`. An older Muster would take lists that
 * lie apart for lost files, so only a state without them has the older version.
 */
export function encodeState({ owned, jobs, shard }: Pick<State, 'shard'> & StateMaps): Uint8Array {
  const files = sorted(owned);
  const state =
    jobs.size === 0 ? { version: 2, shard, files } : { version: 3, shard, files, jobs: sorted(jobs) };
  return Buffer.from(`${JSON.stringify(state, undefined, 1)}\n`);
}

interface StateMaps {
  readonly owned: Owned;
  readonly jobs: Jobs;
}

function sorted<T>(map: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Decodes a state. Throws `malformed` when it is incomplete, or when a path leads out of the folder. */
export function decodeState(bytes: Uint8Array): State {
  try {
    const state = stateSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    const { shard } = state;
    const jobs = new Map(state.version === 3 ? Object.entries(state.jobs) : []);
    if (state.version !== 1)
      return { owned: new Map(Object.entries(state.files)), jobs, shard, unmarked: false };
    const files = Object.entries(state.files).map(([path, file]) => [path, fromFirst(file)] as const);
    return { owned: new Map(files), jobs, shard, unmarked: true };
  } catch (cause) {
    throw new MusterError('malformed', 'the state of the mirror cannot be read', { cause });
  }
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const facts = z.object({
  kind: z.literal('file'),
  size: z.number(),
  inode: z.number(),
  links: z.number(),
  modified: z.number(),
  changed: z.number(),
});

const path = z.string().refine((text) => parseTargetsKey(folders.targets + text)?.form === 'file');

const segment = z
  .string()
  .refine((text) => parseTargetsKey(`${folders.targets}${text}/any-0.json`)?.segment === text);

const jobFile = z.object({ apart: z.boolean(), made: digest.optional(), facts: facts.optional() });

const ownedFile = z.object({
  sha256: digest,
  size: count,
  source: z.object({ key: z.string(), etag: z.string() }).optional(),
  mark: z.object({ store: z.string(), version: z.int().min(1) }).optional(),
  targets: count,
  total: count,
  parts: z.array(
    z.object({
      name: z.string().refine((name) => parsePartName(name) !== undefined),
      sha256: digest,
      targets: count,
      total: count,
    }),
  ),
  facts: facts.optional(),
});

/** A file in the first version of the state, in which files had no version and a list in parts was several objects. */
const firstOwnedFile = z.object({
  sha256: digest,
  size: count,
  parts: z.array(z.object({ key: z.string(), etag: z.string(), sha256: digest, targets: count })),
  facts: facts.optional(),
});

const stateSchema = z.discriminatedUnion('version', [
  z.object({ version: z.literal(1), shard: z.string().optional(), files: z.record(path, firstOwnedFile) }),
  z.object({ version: z.literal(2), shard: z.string().optional(), files: z.record(path, ownedFile) }),
  z.object({
    version: z.literal(3),
    shard: z.string().optional(),
    files: z.record(path, ownedFile),
    jobs: z.record(segment, jobFile),
  }),
]);

function fromFirst({ parts, ...file }: z.infer<typeof firstOwnedFile>): OwnedFile {
  const targets = parts.reduce((sum, part) => sum + part.targets, 0);
  const [only] = parts;
  const plain = only !== undefined && parts.length === 1 && parseTargetsKey(only.key)?.form === 'file';
  return {
    ...file,
    ...(plain && { source: { key: only.key, etag: only.etag } }),
    ...{ targets, total: targets, parts: [] },
  };
}
