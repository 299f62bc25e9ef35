import { isMusterError, MusterError } from '../errors.ts';
import type { ListedObject, ObjectStore } from '../store/store.ts';
import { type Content, digestOfFile, openIntake, sha256Of } from './content.ts';
import type { TargetFolder } from './folder.ts';
import type { Limit } from './limit.ts';
import type { WantedFile } from './plan.ts';
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
  readonly content: Content;
  readonly fresh: boolean;
}

/** Bytes of a file up to which its objects are held in memory: most by far are smaller. */
export const longestHeld = 8 * 2 ** 20;

/** Whether a file is too large to be held. */
export function isLarge({ parts }: WantedFile): boolean {
  return parts.reduce((sum, { size }) => sum + size, 0) > longestHeld;
}

/**
 * All objects of a file, those that changed from the store, the others from the disk; of a large file they are on disk.
 * `undefined` when one is gone since the listing: the next one will tell. Throws `malformed` and `too-large` for a bad
 * object, and what the store throws; then no temporary file is left.
 */
export async function fetchParts(input: FetchInput): Promise<readonly FetchedPart[] | undefined> {
  const held = new Map(input.folder.owned.get(input.wanted.path)?.parts.map((part) => [part.key, part]));
  const results = await Promise.allSettled(
    input.wanted.parts.map((object) => input.limit(() => fetchPart(input, object, held.get(object.key)))),
  );
  const found = results.flatMap((result) =>
    result.status === 'fulfilled' && result.value !== undefined ? [result.value] : [],
  );
  if (found.length === results.length) return found;
  await discardParts(input.folder, found);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return undefined;
}

/** Removes what was staged of parts that nobody wants. If even this fails, the next start does it. */
export async function discardParts({ files }: TargetFolder, parts: readonly FetchedPart[]): Promise<void> {
  for (const { fresh, content } of parts) {
    if (fresh && 'path' in content) await files.remove(content.path).catch(() => undefined);
  }
}

async function fetchPart(
  input: FetchInput,
  object: ListedObject,
  held: OwnedPart | undefined,
): Promise<FetchedPart | undefined> {
  const content = held === undefined ? undefined : await readHeld(input, held);
  if (held === undefined || content === undefined) return download(input, object);
  const kept = { ...held, content, fresh: false };
  return held.etag === object.etag ? kept : download(input, object, kept);
}

/** An object that we hold is a file of its own if it is a shard, else the visible file. */
async function readHeld(
  { folder, wanted, intact }: FetchInput,
  held: OwnedPart,
): Promise<Content | undefined> {
  if (!wanted.sharded && !intact) return undefined;
  const path = wanted.sharded ? folder.partAt(held.sha256) : folder.at(wanted.path);
  if (isLarge(wanted)) return (await digestOfFile(folder.files, path)) === held.sha256 ? { path } : undefined;
  const bytes = await folder.files.read(path);
  return bytes !== undefined && sha256Of(bytes) === held.sha256 ? { bytes } : undefined;
}

/** A held object makes the request conditional: it may have come back to what it was since the listing. */
async function download(
  input: FetchInput,
  object: ListedObject,
  held?: FetchedPart,
): Promise<FetchedPart | undefined> {
  const { signal, wanted } = input;
  if (signal.aborted) throw new MusterError('timeout', `${object.key} was not fetched: the round was ended`);
  if (!isLarge(wanted)) return downloadSmall(input, object, held);
  for (let attempt = 1; ; attempt++) {
    try {
      return await downloadLarge(input, object, held);
    } catch (error) {
      // The store itself does not begin again with an object of which it gave a part.
      if (!isMusterError(error, 'unreachable') || attempt === attempts) throw error;
    }
  }
}

const attempts = 3;

async function downloadSmall(
  { store, folder, maxObjectBytes, signal, onBytes }: FetchInput,
  object: ListedObject,
  held: FetchedPart | undefined,
): Promise<FetchedPart | undefined> {
  const condition = held === undefined ? {} : { ifNoneMatch: held.etag };
  const maxBytes = Math.min(maxObjectBytes, longestHeld);
  const answer = await store.get(object.key, { maxBytes, signal, ...condition });
  if (answer === undefined) return undefined;
  if (answer === 'unchanged') return held;
  const { body, etag } = answer;
  onBytes(body.byteLength);
  checkSize(object, etag, body.byteLength);
  const intake = openIntake(object.key, folder.shard);
  const first = intake.push(body);
  const { rest, targets } = intake.end();
  const bytes = rest.length === 0 ? first : Buffer.concat([first, rest]);
  return { key: object.key, etag, sha256: sha256Of(bytes), targets, content: { bytes }, fresh: true };
}

/** Goes to the disk as it comes: nothing but the piece at hand is in memory. */
async function downloadLarge(
  { store, folder, maxObjectBytes, signal, onBytes }: FetchInput,
  object: ListedObject,
  held: FetchedPart | undefined,
): Promise<FetchedPart | undefined> {
  const condition = held === undefined ? {} : { ifNoneMatch: held.etag };
  const answer = await store.open(object.key, { maxBytes: maxObjectBytes, signal, ...condition });
  if (answer === undefined) return undefined;
  if (answer === 'unchanged') return held;
  const { chunks, etag } = answer;
  const intake = openIntake(object.key, folder.shard);
  let targets = 0;
  const checked = async function* (): AsyncGenerator<Uint8Array, undefined> {
    let size = 0;
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      size += chunk.length;
      yield intake.push(chunk);
    }
    checkSize(object, etag, size);
    const end = intake.end();
    targets = end.targets;
    yield end.rest;
    return undefined;
  };
  const path = await folder.stage(checked());
  return { key: object.key, etag, sha256: intake.sha256(), targets, content: { path }, fresh: true };
}

function checkSize({ key, etag, size }: ListedObject, foundEtag: string, found: number): void {
  if (foundEtag !== etag || found === size) return;
  throw new MusterError(
    'unreachable',
    `${key} was cut off: ${found} of ${size} bytes came; it is fetched again`,
  );
}
