import { hash } from 'node:crypto';
import { MusterError } from '../base/errors.ts';
import { countTargets, type Groups, sortGroups } from '../targets/canonical.ts';
import { type Guard, losesTooMany } from '../targets/guard.ts';
import { type ProviderId, partKey, snapshotKey } from '../targets/keys.ts';
import { type BlockStore, findLostGroups } from './blocks.ts';
import type { Listing } from './collect.ts';
import type { Loaded } from './load.ts';
import type { Status } from './status.ts';

/** Looks at one block, another each time, so that a lost one is noticed while a quiet cycle asks for little. */
export async function hasBlock(
  { checkpoint }: Loaded,
  now: () => Date,
  { store, id, signal }: BlockStore,
): Promise<boolean> {
  const blocks = checkpoint?.blocks ?? [];
  if (blocks.length === 0) return true;
  const draw = hash('md5', now().toISOString(), 'buffer').readUInt32BE(0);
  const block = blocks[draw % blocks.length];
  return block === undefined || (await store.head(partKey(id, block.name), { signal })) !== undefined;
}

/**
 * The list without the groups of blocks that are gone: nobody can compare them. A new version writes them again.
 * The list itself where all is there. Throws what the store throws.
 */
export async function withoutLost(loaded: Loaded, from: BlockStore): Promise<Loaded> {
  const lost = await findLostGroups(loaded.groups, from);
  if (lost.size === 0) return loaded;
  const groups = new Map([...loaded.groups].filter(([source]) => !lost.has(source)));
  return {
    ...loaded,
    groups,
    lost,
    damaged: `blocks of the snapshot with ${lost.size} groups cannot be read`,
  };
}

/** Lost groups that are listed as they were are known again. */
export function withListed(loaded: Loaded, listing: Groups): Loaded {
  if (loaded.lost === undefined) return loaded;
  const groups = new Map(loaded.groups);
  const lost = new Map(loaded.lost);
  for (const [source, { digest }] of loaded.lost) {
    const listed = listing.get(source);
    if (listed?.digest !== digest) continue;
    groups.set(source, listed);
    lost.delete(source);
  }
  return { ...loaded, groups: sortGroups(groups), lost: lost.size === 0 ? undefined : lost };
}

/** Refuses a listing that lacks too much of the lost groups; their sources and counts are known. Throws kind `storage`. */
export function refuseLost(
  id: ProviderId,
  lost: Groups,
  listing: Listing,
  { guard, status }: { readonly guard: Guard; readonly status: Status },
): void {
  let gone = 0;
  for (const [source, { targets }] of lost)
    gone += Math.max(0, targets - (listing.groups.get(source)?.targets ?? 0));
  const isEmpty = status.targets > 0 && countTargets(listing.groups) === 0;
  if (gone > 0 && (isEmpty || losesTooMany(gone, status.targets, guard))) throw unknownGroups(id, lost);
}

/** The error for published groups that nobody can compare. */
export function unknownGroups(id: ProviderId, lost: Groups): MusterError {
  return new MusterError(
    'storage',
    `blocks of the snapshot with ${countTargets(lost)} published targets cannot be read, and the listing does not have them: nothing is published; delete ${snapshotKey(id)} to compare with the target files`,
    { code: 'unknown-history' },
  );
}
