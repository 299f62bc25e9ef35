import { createHash } from 'node:crypto';
import { isMusterError, MusterError } from '../errors.ts';
import type { Body, ObjectStore } from '../store/store.ts';
import type { Groups } from '../target/canonical.ts';
import { fileSdTexts } from '../target/file-sd.ts';
import { type ProviderId, parseTargetsKey, snapshotKey, targetsKey } from '../target/names.ts';
import { chunksOf } from './gzip-lines.ts';
import type { Status } from './status.ts';

/** A target file and the write that published it. */
export type PublishedFile = Status['files'][number];

/** How often a conditional write is tried again before another run is taken to be livelier. */
const attempts = 5;

export interface PublishInput {
  readonly store: ObjectStore;
  readonly id: ProviderId;
  readonly groups: Groups;
  readonly shards: number;
  /** Etag of the snapshot that holds these groups: it is the fence against newer runs. */
  readonly fence: string;
  /** Files as the last status knew them. */
  readonly known: readonly PublishedFile[];
  /** Numbers of the shards that must be written; the others are as `known` says. */
  readonly touched: ReadonlySet<number>;
  /** Files of the provider that are not known, to be removed when they are none of the published ones. */
  readonly strays: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Writes the touched target files and removes those that are no longer the provider's. Returns all its files, or
 * undefined when a newer run was found.
 */
export async function publishTargets(input: PublishInput): Promise<readonly PublishedFile[] | undefined> {
  const { id, groups, shards, known, touched, strays, store, signal } = input;
  const published: PublishedFile[] = [];
  // The first shard comes last: until it is there, a mirror sees that the list is not complete.
  for (let shard = shards - 1; shard >= 0; shard--) {
    const key = shards === 1 ? targetsKey(id) : targetsKey(id, shard);
    const old = known.find((file) => file.key === key);
    if (old !== undefined && !touched.has(shard)) {
      published.unshift(old);
      continue;
    }
    const etag = await replaceFile(input, key, fileOf(selectShard(groups, shard, shards)));
    if (etag === undefined) return undefined;
    published.unshift({ key, etag });
  }
  const keys = new Set(published.map(({ key }) => key));
  for (const key of new Set([...known.map((file) => file.key), ...strays])) {
    if (keys.has(key)) continue;
    if (!(await isNewest(input))) return undefined;
    await store.delete(key, signal && { signal });
  }
  return published;
}

/** The shard of a group, by its source: groups that come and go do not move the others. */
export function shardOf(source: string, shards: number): number {
  return shards === 1 ? 0 : createHash('md5').update(source).digest().readUInt32BE(0) % shards;
}

/** Which of the provider's files lie in the bucket. */
export async function listTargetFiles(
  store: ObjectStore,
  id: ProviderId,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const folder = targetsKey(id).slice(0, targetsKey(id).lastIndexOf('/') + 1);
  const objects = await store.list(folder, signal && { signal });
  return objects.map(({ key }) => key).filter((key) => parseTargetsKey(key)?.provider === id.provider);
}

/**
 * Puts a target file in place of whatever older run's file is there. The order matters: first the file's etag, then
 * the look at the fence, then the conditional write. A run that commits after the look also publishes after the etag
 * was read, so that either this write fails on its etag or the newer one lands on top.
 */
async function replaceFile(input: PublishInput, key: string, body: Body): Promise<string | undefined> {
  const { store, signal } = input;
  for (let attempt = 1; ; attempt++) {
    const current = await store.head(key, signal && { signal });
    if (!(await isNewest(input))) return undefined;
    try {
      const condition = current === undefined ? 'create' : { etag: current.etag };
      const options = { condition, contentType: 'application/json', ...(signal && { signal }) } as const;
      return (await store.put(key, body, options)).etag;
    } catch (error) {
      if (!isMusterError(error, 'conflict')) throw error;
      if (attempt === attempts)
        throw new MusterError('conflict', `${key} changes faster than it can be published`, { cause: error });
    }
  }
}

async function isNewest({ store, id, fence, signal }: PublishInput): Promise<boolean> {
  return (await store.head(snapshotKey(id), signal && { signal }))?.etag === fence;
}

/** The file's bytes, made as they are written: with all its labels, a large listing fills hundreds of megabytes. */
function fileOf(groups: Groups): Body {
  return {
    *chunks() {
      for (const text of chunksOf(fileSdTexts(groups))) yield Buffer.from(text);
    },
  };
}

function selectShard(groups: Groups, shard: number, shards: number): Groups {
  if (shards === 1) return groups;
  return new Map([...groups].filter(([source]) => shardOf(source, shards) === shard));
}
