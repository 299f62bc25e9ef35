import { createHash } from 'node:crypto';
import { isMusterError } from '../base/errors.ts';
import { packLines } from '../base/gzip-lines.ts';
import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, parsePartName, partKey, partsFolder } from '../targets/keys.ts';
import type { Manifest, Part } from './manifest.ts';
import { clockSkew } from './status.ts';

/** Milliseconds that a replaced part stays for readers which have an older manifest. */
const grace = 60 * 60_000;

interface PartInput {
  readonly store: ObjectStore;
  readonly id: ProviderId;
  readonly version: number;
  /** The file_sd file. */
  readonly texts: Iterable<string>;
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
  texts,
  targets,
  known,
  signal,
}: PartInput): Promise<Part> {
  let unpacked = 0;
  const counted = function* (): Generator<string, undefined> {
    for (const text of texts) {
      unpacked += Buffer.byteLength(text);
      yield text;
    }
    return undefined;
  };
  const body = await packLines(counted());
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

/** Removes replaced parts whose time is over, and returns those that stay. A time in the future starts again. */
export async function clearReplaced(
  store: ObjectStore,
  id: ProviderId,
  replaced: Manifest['replaced'],
  now: Date,
  signal: AbortSignal | undefined,
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
  store: ObjectStore,
  id: ProviderId,
  known: readonly { readonly name: string }[],
  version: number,
  now: Date,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = new Set(known.map(({ name }) => name));
  const folder = partsFolder(id);
  for (const { key, modified } of await store.list(folder, { signal })) {
    const name = key.slice(folder.length);
    const part = parsePartName(name);
    if (part === undefined || names.has(name) || part.version > version) continue;
    if (now.getTime() - modified >= grace) await store.delete(key, { signal });
  }
}
