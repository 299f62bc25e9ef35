import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../../base/errors.ts';
import { unpack } from '../../base/gzip-lines.ts';
import type { Part } from '../../cycle/manifest.ts';
import { markText } from '../../targets/file-sd.ts';
import { openFileSdLines } from '../../targets/file-sd-lines.ts';
import { parsePartName, partKey } from '../../targets/keys.ts';
import { sha256Of } from './content.ts';
import { isLargeList, type JoinedList, type JoinInput, takeParts } from './parts.ts';
import type { Rejection } from './plan.ts';
import { filterShard } from './shard.ts';
import type { OwnedPart } from './state.ts';

/**
 * Joins a list whose parts are blocks of canonical groups. Blocks are kept as they are stored, a thirtieth of the file,
 * and only those that are not there are fetched; one block at a time is unpacked, and its lines are copied into the
 * file. Returns a rejection where a block is missing or wrong. Throws what store and disk throw.
 */
export async function joinBlocks(input: JoinInput): Promise<JoinedList | Rejection> {
  const { folder, manifest } = input;
  const parts = await takeParts(input, (part) => takeBlock(input, part));
  if ('reason' in parts) return parts;
  const facts = { hash: createHash('sha256'), size: 0, targets: 0 };
  try {
    const pieces = filePieces(input, facts);
    const content = isLargeList(manifest)
      ? { path: await folder.stage(pieces) }
      : { bytes: Buffer.concat(await Array.fromAsync(pieces)) };
    return { content, sha256: facts.hash.digest('hex'), size: facts.size, targets: facts.targets, parts };
  } catch (error) {
    if (!isMusterError(error, 'malformed')) throw error;
    return { key: input.key, reason: 'invalid', message: error.message };
  }
}

/** Fetches a block that is not kept yet. */
async function takeBlock(input: JoinInput, part: Part): Promise<OwnedPart | Rejection> {
  const { store, folder, id, key, manifest, maxObjectBytes, signal, onBytes } = input;
  const { name, size, unpacked = size, targets } = part;
  const digest = digestOf(name);
  const owned: OwnedPart = { name, sha256: digest, targets, total: targets };
  if (unpacked > maxObjectBytes) {
    const message = `${partKey(id, name)} has ${unpacked} bytes when unpacked, the limit is ${maxObjectBytes}: raise the limit or split the provider`;
    return { key, reason: 'too-large', message };
  }
  const kept = await folder.files.facts(folder.partAt(digest));
  if (kept?.kind === 'file' && kept.size === size) return owned;
  if (signal.aborted)
    throw new MusterError('timeout', `${partKey(id, name)} was not fetched: the round ended first`);
  const found = await store.get(partKey(id, name), { maxBytes: maxObjectBytes, signal });
  if (found === undefined) {
    const message = `${key} names version ${manifest.version}, but its part ${name} is missing; it is fetched again`;
    return { key, reason: 'incomplete', message };
  }
  onBytes(found.body.byteLength);
  const sha256 = sha256Of(found.body);
  if (sha256 !== digest || found.body.byteLength !== size) {
    const message = `${partKey(id, name)} does not match its name and ${key}: ${found.body.byteLength} bytes, sha256 ${sha256.slice(0, 12)}…`;
    return { key, reason: 'digest', message };
  }
  await folder.keepPart(digest, found.body);
  return owned;
}

function digestOf(name: string): string {
  return parsePartName(name)?.digest ?? '';
}

interface FileFacts {
  readonly hash: ReturnType<typeof createHash>;
  size: number;
  targets: number;
}

/** The bytes of the file, made block by block. Throws kind `malformed` for a block that is not what it should be. */
async function* filePieces(input: JoinInput, facts: FileFacts): AsyncGenerator<Uint8Array, undefined> {
  const { folder, manifest } = input;
  const lines = openFileSdLines(markText(manifest));
  const filter = folder.shard === undefined ? undefined : filterShard(folder.shard);
  const take = (piece: Uint8Array) => {
    facts.hash.update(piece);
    facts.size += piece.length;
    return piece;
  };
  for (const part of manifest.parts) {
    const before = lines.count();
    lines.add(await readBlock(input, part));
    const targets = lines.count() - before;
    if (targets !== part.targets)
      throw new MusterError('malformed', `part ${part.name} has ${targets} targets, not ${part.targets}`);
    const piece = lines.take();
    yield take(filter === undefined ? piece : filter.push(piece));
  }
  const last = lines.take('end');
  if (filter === undefined) {
    facts.targets = lines.count();
    yield take(last);
    return undefined;
  }
  yield take(filter.push(last));
  const { rest, targets } = filter.end();
  facts.targets = targets;
  yield take(rest);
  return undefined;
}

/** Of a kept block that is no longer right nothing stays, so that it is fetched again. */
async function readBlock({ folder, id }: JoinInput, { name, size, unpacked }: Part): Promise<Buffer> {
  const digest = digestOf(name);
  const path = folder.partAt(digest);
  const bytes = await folder.files.read(path);
  if (bytes === undefined || sha256Of(bytes) !== digest) {
    await folder.files.remove(path);
    throw new MusterError(
      'malformed',
      `the kept copy of ${partKey(id, name)} was damaged; it is fetched again`,
    );
  }
  return Buffer.from(await unpack(bytes, Math.max(1, unpacked ?? size)));
}
