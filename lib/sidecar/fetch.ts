import { createHash } from 'node:crypto';
import { MusterError, toMusterError } from '../errors.ts';
import type { ListedObject, ObjectStore } from '../store/store.ts';
import { decodeFileSd } from '../target/file-sd.ts';
import type { TargetFolder } from './folder.ts';
import { allSettledOrThrow, type Limit } from './limit.ts';
import type { WantedFile } from './plan.ts';
import { shardFileSd } from './shard.ts';
import type { OwnedPart } from './state.ts';

export interface FetchInput {
  readonly store: ObjectStore;
  readonly folder: TargetFolder;
  readonly wanted: WantedFile;
  /** Whether the visible file is the one that we wrote. */
  readonly intact: boolean;
  /** Limit of one object in bytes. */
  readonly maxObjectBytes: number;
  readonly limit: Limit;
  readonly signal: AbortSignal;
  /** Told of bytes that came from the store. */
  readonly onBytes: (count: number) => void;
}

/** A checked object, and whether it has to be kept beside the file that it is joined into. */
export interface FetchedPart extends OwnedPart {
  readonly body: Uint8Array;
  readonly fresh: boolean;
}

/**
 * All objects of a file, those that changed from the store, the others from the disk. `undefined` when one is gone
 * since the listing: the next one will tell. Throws `malformed` and `too-large` for a bad object, and what the store
 * throws.
 */
export async function fetchParts(input: FetchInput): Promise<readonly FetchedPart[] | undefined> {
  const held = new Map(input.folder.owned.get(input.wanted.path)?.parts.map((part) => [part.key, part]));
  const parts = await allSettledOrThrow(
    input.wanted.parts.map((object) => input.limit(() => fetchPart(input, object, held.get(object.key)))),
  );
  const found = parts.filter((part) => part !== undefined);
  return found.length === parts.length ? found : undefined;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function fetchPart(
  input: FetchInput,
  object: ListedObject,
  held: OwnedPart | undefined,
): Promise<FetchedPart | undefined> {
  const body = held === undefined ? undefined : await readHeld(input, held);
  if (held === undefined || body === undefined) return download(input, object);
  const kept = { ...held, body, fresh: false };
  return held.etag === object.etag ? kept : download(input, object, kept);
}

/** An object that we hold is a file of its own if it is a shard, else the visible file. */
async function readHeld(
  { folder, wanted, intact }: FetchInput,
  held: OwnedPart,
): Promise<Uint8Array | undefined> {
  if (!wanted.sharded && !intact) return undefined;
  const bytes = await folder.files.read(wanted.sharded ? folder.partAt(held.sha256) : folder.at(wanted.path));
  return bytes !== undefined && sha256Of(bytes) === held.sha256 ? bytes : undefined;
}

/** A held object makes the request conditional: it may have come back to what it was since the listing. */
async function download(
  { store, folder, maxObjectBytes, signal, onBytes }: FetchInput,
  object: ListedObject,
  held?: FetchedPart,
): Promise<FetchedPart | undefined> {
  if (signal.aborted) throw new MusterError('timeout', `${object.key} was not fetched: the round was ended`);
  const condition = held === undefined ? {} : { ifNoneMatch: held.etag };
  const answer = await store.get(object.key, { maxBytes: maxObjectBytes, signal, ...condition });
  if (answer === undefined) return undefined;
  if (answer === 'unchanged') return held;
  const { body, etag } = answer;
  onBytes(body.byteLength);
  if (etag === object.etag && body.byteLength !== object.size) {
    throw new MusterError(
      'unreachable',
      `${object.key} was cut off: ${body.byteLength} of ${object.size} bytes came; it is fetched again`,
    );
  }
  const { content, targets } = check(object.key, body, folder);
  return { key: object.key, etag, sha256: sha256Of(content), targets, body: content, fresh: true };
}

/** What goes to the disk of a good object, and the number of targets in it. */
function check(
  key: string,
  body: Uint8Array,
  { shard }: TargetFolder,
): { readonly content: Uint8Array; readonly targets: number } {
  try {
    const content = shard === undefined ? body : shardFileSd(body, shard);
    return { content, targets: decodeFileSd(content).reduce((sum, { targets }) => sum + targets.length, 0) };
  } catch (cause) {
    const { message } = toMusterError(cause);
    throw new MusterError('malformed', `${key} is ${message}; its last good file stays`, { cause });
  }
}
