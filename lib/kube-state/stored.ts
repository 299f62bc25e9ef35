import type { Logger } from '../base/logger.ts';
import { newRunId } from '../base/version.ts';
import type { ObjectStore } from '../store/store.ts';
import {
  folders,
  metricsKey,
  outputStatusKey,
  outputTombstoneKey,
  parseMetricsKey,
  parseOutputStatusKey,
} from '../targets/keys.ts';
import { acceptedFor, retireOutputAfter } from './gate.ts';
import { readGzipTime } from './gzip-time.ts';
import type { KubeStateOutput } from './publish.ts';
import {
  changeOutputStatus,
  type HeldOutput,
  newOutputStatus,
  type OutputStatus,
  readOutputStatus,
} from './status.ts';

/** The outputs of a configuration, and whether it has nothing else either. */
export interface ConfiguredOutputs {
  readonly outputs: readonly KubeStateOutput[];
  /** Neither a provider nor an output: more likely a mistake than the wish to scrape nothing. */
  readonly isEmpty: boolean;
}

interface StoredInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** When the cluster was listed of which an object was made; undefined where there is none, or it does not say. */
export async function readListed(object: string, { store, signal }: StoredInput): Promise<Date | undefined> {
  const opened = await store.open(metricsKey(object), { signal });
  if (opened === undefined) return undefined;
  // It stands in the first bytes; the rest, which may be many megabytes, is left where it is.
  for await (const chunk of opened.chunks) return readGzipTime(chunk);
  return undefined;
}

/** The names of the outputs in the store that are none of the configured ones; none for an empty configuration. */
export async function findLeftOutputs(
  { outputs, isEmpty }: ConfiguredOutputs,
  { store, signal }: StoredInput,
): Promise<readonly string[]> {
  if (isEmpty) return [];
  const keep = new Set(outputs.flatMap(objectsOf));
  const listed = await store.list(folders.metrics, { signal });
  const stored = listed
    .map(({ key }) => parseMetricsKey(key) ?? parseOutputStatusKey(key))
    .filter((object) => object !== undefined);
  return [...new Set(stored)].filter((object) => !keep.has(object));
}

/** What became of outputs that left the configuration. */
export interface LeftOutputs {
  readonly retired: readonly string[];
  /** Those that stay for now, and for how many milliseconds at least. */
  readonly leaving: readonly { readonly output: string; readonly stays: number }[];
}

/**
 * Removes what left the configuration and was seen to be out of it for `after` milliseconds, of which no gap between two
 * looks counts for more than half: the configuration may be half written, or another one's. A tombstone tells of it.
 */
export async function retireOutputs(
  configured: ConfiguredOutputs,
  { store, log, signal }: StoredInput & { readonly log: Logger },
  { after = retireOutputAfter, now = () => new Date() } = {},
): Promise<LeftOutputs> {
  const retired: string[] = [];
  const leaving: { output: string; stays: number }[] = [];
  for (const output of await findLeftOutputs(configured, { store, signal })) {
    const stays = await noteLeaving(output, after, now(), { store, signal });
    if (stays > 0) leaving.push({ output, stays });
    else if (await removeOutput(output, now(), { store, signal })) {
      log.info('retired: no longer in the configuration', { output });
      retired.push(output);
    } else leaving.push({ output, stays: after });
  }
  return { retired, leaving };
}

/** Notes that the output is out of the configuration, and returns for how long it stays at least. */
async function noteLeaving(
  output: string,
  after: number,
  now: Date,
  { store, signal }: StoredInput,
): Promise<number> {
  let waited = 0;
  const note = (status: OutputStatus | undefined): OutputStatus => {
    const { since, seen, ...left } = status?.leaving ?? { since: undefined, seen: undefined, waited: 0 };
    const gap = seen === undefined ? 0 : now.getTime() - Date.parse(seen);
    waited = left.waited + Math.max(0, Math.min(gap, after / 2));
    const leaving = { since: since ?? now.toISOString(), waited, seen: now.toISOString() };
    return { ...(status ?? newOutputStatus(output, newRunId(now), now)), leaving };
  };
  await changeOutputStatus(store, output, note, { signal });
  return Math.max(0, after - waited);
}

/** Whether it was removed: not where it came back to life meanwhile. */
async function removeOutput(output: string, at: Date, { store, signal }: StoredInput): Promise<boolean> {
  const tombstone = {
    schema: 1,
    object: output,
    at: at.toISOString(),
    reason: 'no longer in the configuration',
  };
  const key = outputTombstoneKey(output);
  const before = await store.head(key, { signal });
  await store.put(key, new TextEncoder().encode(`${JSON.stringify(tombstone, undefined, 1)}\n`), {
    condition: before ?? 'create',
    contentType: 'application/json',
    signal,
  });
  // A cycle that wrote since has taken it back into use.
  if ((await readOutputStatus(store, output, signal)).status?.leaving === undefined) {
    await store.delete(key, { signal });
    return false;
  }
  await store.delete(metricsKey(output), { signal });
  await store.delete(outputStatusKey(output), { signal });
  return true;
}

/**
 * Lets the next listings publish what the gate holds of an output: exactly those families, with no further loss, for an
 * hour. Returns what was held, or undefined where nothing is.
 */
export async function acceptHeldOutput(
  object: string,
  { store, signal }: StoredInput,
  now = new Date(),
): Promise<HeldOutput | undefined> {
  const until = new Date(now.getTime() + acceptedFor).toISOString();
  const changed = await changeOutputStatus(
    store,
    object,
    (status) => {
      if (status?.held === undefined) return undefined;
      const families = Object.fromEntries(
        Object.entries(status.held.families).map(([name, { after }]) => [name, after]),
      );
      return { ...status, held: { ...status.held, accepted: { until, families } } };
    },
    { signal },
  );
  return changed?.held;
}

/** All shards of the output that this one is of: the others may be written by somebody else. */
function objectsOf({ name, config }: KubeStateOutput): readonly string[] {
  const total = config.total_shards;
  return total === 1 ? [name] : Array.from({ length: total }, (_, shard) => `${name}.${shard}`);
}
