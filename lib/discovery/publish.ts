import type { Change } from '../target/diff.ts';
import { isEmptyChange } from '../target/diff.ts';
import { writeCheckpoint } from './checkpoint.ts';
import type { Loaded } from './load.ts';
import type { CycleInput, Provider } from './provider.ts';
import type { Status } from './status.ts';
import { listTargetFiles, publishTargets, shardOf } from './target-files.ts';

/** A version whose snapshot and target files are all in place. */
export interface Published {
  readonly loaded: Loaded;
  readonly files: Status['files'];
  readonly wrote: boolean;
}

/** Brings snapshot and target files to the loaded version. Undefined when a newer run was found. */
export async function publishVersion(
  provider: Provider,
  { store, signal }: CycleInput,
  loaded: Loaded,
  status: Status | undefined,
  change: Change,
): Promise<Published | undefined> {
  const known = status?.files ?? [];
  const missing = await findMissing(store, known, signal);
  // All but the files that this very change touches are right only if the version before it was published whole.
  const whole =
    status !== undefined &&
    loaded.checkpoint !== undefined &&
    known.length === provider.shards &&
    missing.size === 0 &&
    status.published_version === loaded.version - (isEmptyChange(change) ? 0 : 1);
  const touched = whole ? touchedShards(change, provider.shards) : allShards(provider.shards);
  if (loaded.version === 0 || (touched.size === 0 && loaded.checkpoint?.version === loaded.version)) {
    return { loaded, files: [...known], wrote: false };
  }
  const fence = await writeCheckpoint(store, provider, loaded, signal);
  if (fence === undefined) return undefined;
  const strays = whole ? [] : await listTargetFiles(store, provider, signal);
  const { groups, version } = loaded;
  const files = await publishTargets({
    store,
    id: provider,
    groups,
    shards: provider.shards,
    fence,
    known,
    touched,
    strays,
    ...(signal && { signal }),
  });
  if (files === undefined) return undefined;
  return { loaded: { ...loaded, checkpoint: { version, etag: fence } }, files: [...files], wrote: true };
}

/** Target files that are not, or no longer, what the status says: lost, altered, or put there by a run that died. */
async function findMissing(
  store: CycleInput['store'],
  known: Status['files'],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const heads = await Promise.all(known.map(({ key }) => store.head(key, signal && { signal })));
  return new Set(known.filter(({ etag }, index) => heads[index]?.etag !== etag).map(({ key }) => key));
}

function touchedShards({ added, removed, changed }: Change, shards: number): ReadonlySet<number> {
  return new Set(
    [...added.keys(), ...removed.keys(), ...changed.keys()].map((source) => shardOf(source, shards)),
  );
}

function allShards(shards: number): ReadonlySet<number> {
  return new Set(Array.from({ length: shards }, (_, shard) => shard));
}
