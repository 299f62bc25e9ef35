import { readGzipTime } from '../../target/gzip-time.ts';
import { folders, metricsKey, parseMetricsKey } from '../../target/names.ts';
import type { CyclesInput } from '../cycles.ts';
import type { KubeStateOutput } from './outputs.ts';

/** The outputs of a configuration, and whether it has nothing else either. */
export interface ConfiguredOutputs {
  readonly outputs: readonly KubeStateOutput[];
  /** Neither a provider nor an output: more likely a mistake than the wish to scrape nothing. */
  readonly isEmpty: boolean;
}

type StoredInput = Pick<CyclesInput, 'store' | 'signal'>;

/** When the cluster was listed of which an object was made; undefined where there is none, or it does not say. */
export async function readListed(object: string, { store, signal }: StoredInput): Promise<Date | undefined> {
  const opened = await store.open(metricsKey(object), { signal });
  if (opened === undefined || opened === 'unchanged') return undefined;
  // It stands in the first bytes; the rest, which may be many megabytes, is left where it is.
  for await (const chunk of opened.chunks) return readGzipTime(chunk);
  return undefined;
}

/** The names of the objects in the store that are of no configured output; none for an empty configuration. */
export async function findLeftOutputs(
  { outputs, isEmpty }: ConfiguredOutputs,
  { store, signal }: StoredInput,
): Promise<readonly string[]> {
  if (isEmpty) return [];
  const keep = new Set(outputs.flatMap(objectsOf));
  const listed = await store.list(folders.metrics, { signal });
  return listed
    .map(({ key }) => parseMetricsKey(key))
    .filter((object) => object !== undefined)
    .filter((object) => !keep.has(object));
}

/** Removes them, so that nobody scrapes a cluster that is no longer looked at. Returns their names. */
export async function retireOutputs(
  configured: ConfiguredOutputs,
  { store, log, signal }: CyclesInput,
): Promise<readonly string[]> {
  const left = await findLeftOutputs(configured, { store, signal });
  for (const output of left) {
    await store.delete(metricsKey(output), { signal });
    log.info('retired: no longer in the configuration', { output });
  }
  return left;
}

/** All shards of the output that this one is of: the others may be written by somebody else. */
function objectsOf({ name, config }: KubeStateOutput): readonly string[] {
  const total = config.total_shards;
  return total === 1 ? [name] : Array.from({ length: total }, (_, shard) => `${name}.${shard}`);
}
