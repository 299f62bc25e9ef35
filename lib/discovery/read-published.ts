import { isMusterError } from '../errors.ts';
import { defaultMaxBytes, type ObjectStore } from '../store/store.ts';
import { decodeFileSd, type FileSdGroup, readVersionMark } from '../target/file-sd.ts';
import { manifestKey, type ProviderId, partKey, targetsKey } from '../target/names.ts';
import { unpack } from './gzip-lines.ts';
import { decodeManifest, maxManifestBytes } from './manifest.ts';

/** What the target files of a provider hold. */
export interface PublishedList {
  /** 0 where the file does not tell it. */
  readonly version: number;
  readonly groups: readonly FileSdGroup[];
}

/**
 * Reads the published list of a provider from its file or its parts, whichever is of the higher version; undefined where
 * there is none that can be read. For rebuilding: a cycle knows its list by snapshot and journal.
 */
export async function readPublished(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const [file, parts] = await Promise.all([
    unlessUnreadable(readFile(store, id, signal)),
    unlessUnreadable(readParts(store, id, signal)),
  ]);
  if (file === undefined || parts === undefined) return file ?? parts;
  return file.version > parts.version ? file : parts;
}

async function readFile(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const found = await store.get(targetsKey(id), signal && { signal });
  if (found === undefined || found === 'unchanged') return undefined;
  const groups = decodeFileSd(found.body).filter(({ targets }) => targets.length > 0);
  return { version: readVersionMark(found.body)?.version ?? 0, groups };
}

async function readParts(
  store: ObjectStore,
  id: ProviderId,
  signal: AbortSignal | undefined,
): Promise<PublishedList | undefined> {
  const key = manifestKey(id);
  const found = await store.get(key, { maxBytes: maxManifestBytes, ...(signal && { signal }) });
  if (found === undefined || found === 'unchanged') return undefined;
  const { version, parts } = decodeManifest(found.body, key);
  const groups: FileSdGroup[] = [];
  for (const { name, encoding } of parts) {
    const part = await store.get(partKey(id, name), signal && { signal });
    if (part === undefined || part === 'unchanged') return undefined;
    const plain = encoding === 'gzip' ? await unpack(part.body, defaultMaxBytes) : part.body;
    for (const group of decodeFileSd(plain)) groups.push(group);
  }
  return { version, groups };
}

async function unlessUnreadable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMusterError(error, 'malformed') || isMusterError(error, 'too-large')) return undefined;
    throw error;
  }
}
