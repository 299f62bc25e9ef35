import { createHash } from 'node:crypto';
import type { Part } from '../../lib/cycle/manifest.ts';
import type { Status } from '../../lib/cycle/status.ts';
import type { ObjectStore } from '../../lib/store/store.ts';
import { decodeFileSd } from '../../lib/targets/file-sd-reader.ts';
import {
  manifestKey,
  type ProviderId,
  partKey,
  retiredKey,
  statusKey,
  targetsKey,
} from '../../lib/targets/keys.ts';

/** Id of the store that the tests write, unless they name another. */
export const storeId = 'store-of-tests';

/** `api/consul-0` as a provider. */
export function idOf(name: string): ProviderId {
  const [job = '', provider = ''] = name.split('/');
  return { job: decodeURIComponent(job), provider };
}

/** A list as a target file that tells its version, one group a target. */
export function listText(version: number, addresses: readonly string[], store = storeId): string {
  const mark = { targets: [], labels: { __muster_version: `${store}/${version}` } };
  return `[\n${[mark, ...groupsOf(addresses)].map((group) => JSON.stringify(group)).join(',\n')}\n]\n`;
}

/** So many addresses that begin with the text. */
export function addresses(count: number, text = 'a'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${text}-${index}:80`);
}

/** Objects of the bucket by their key; `undefined` is one that is not there. */
export type Objects = Readonly<Record<string, string | undefined>>;

/** A target file. */
export function fileOf(
  name: string,
  version: number,
  list: readonly string[],
  store = storeId,
): Readonly<Record<string, string>> {
  return { [targetsKey(idOf(name))]: listText(version, list, store) };
}

/**
 * A list in parts that are file_sd files, as they were once, each with the version in which it was first written, and its manifest. The parts that an older
 * manifest named stay in the bucket.
 */
export function listOf(
  name: string,
  version: number,
  lists: readonly { readonly since: number; readonly list: readonly string[] }[],
  store = storeId,
): Readonly<Record<string, string>> {
  const id = idOf(name);
  const bodies = lists.map(({ since, list }) => ({ since, text: partText(list) }));
  const parts = bodies.map(({ since, text }): Part => {
    const digest = createHash('sha256').update(text).digest('hex');
    const part = `${String(since).padStart(12, '0')}-${digest}`;
    const targets = decodeFileSd(Buffer.from(text)).reduce((sum, group) => sum + group.targets.length, 0);
    return { name: part, size: Buffer.byteLength(text), targets };
  });
  const targets = parts.reduce((sum, part) => sum + part.targets, 0);
  return {
    ...Object.fromEntries(parts.map((part, index) => [partKey(id, part.name), bodies[index]?.text ?? ''])),
    [manifestKey(id)]: JSON.stringify(
      { schema: 1, store, version, targets, parts, replaced: [] },
      undefined,
      1,
    ),
  };
}

/** The file on disk that a list in parts becomes. */
export function joinedText(version: number, lists: readonly (readonly string[])[], store = storeId): string {
  const mark = JSON.stringify({ targets: [], labels: { __muster_version: `${store}/${version}` } });
  const parts = lists.filter((list) => list.length > 0).map((list) => partText(list).slice(1, -2));
  return parts.length === 0 ? `[\n${mark}]\n` : `[\n${mark},${parts.join(',')}]\n`;
}

/** The tombstone of a retired provider, whose target file or manifest is gone. */
export function retiredOf(
  name: string,
  version: number,
  store = storeId,
): Readonly<Record<string, string | undefined>> {
  const id = idOf(name);
  const tombstone = { schema: 1, ...id, store, version, at: '2026-01-01T00:00:00.000Z', run: 'r' };
  return {
    [retiredKey(id)]: JSON.stringify(tombstone),
    [targetsKey(id)]: undefined,
    [manifestKey(id)]: undefined,
  };
}

/** A status, good unless it is told otherwise. */
export function statusOf(name: string, fields: Partial<Status> = {}): Readonly<Record<string, string>> {
  const id = idOf(name);
  const at = '2026-01-01T00:00:00.000Z';
  const status: Status = {
    ...{ schema: 1, ...id, run: 'r', duration_seconds: 1, version: 1, published_version: 1, groups: 1 },
    ...{ targets: 1, files: [], failures: 0, last_attempt: at, last_success: at },
    ...fields,
  };
  return { [statusKey(id)]: JSON.stringify(status) };
}

/** Writes the objects, or removes them. */
export async function fill(store: ObjectStore, ...all: readonly Objects[]): Promise<void> {
  for (const objects of all) {
    for (const [key, text] of Object.entries(objects)) {
      if (text === undefined) await store.delete(key);
      else await store.put(key, Buffer.from(text), { condition: 'any' });
    }
  }
}

function partText(list: readonly string[]): string {
  const groups = groupsOf(list).map((group) => JSON.stringify(group));
  return groups.length === 0 ? '[]\n' : `[\n${groups.join(',\n')}\n]\n`;
}

function groupsOf(list: readonly string[]): readonly object[] {
  return list.map((address) => ({ targets: [address], labels: { from: 'test' } }));
}
