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

/** The outputs of a configuration. */
export interface ConfiguredOutputs {
  readonly outputs: readonly KubeStateOutput[];
  /** The configuration has neither providers nor outputs, which is probably a mistake. */
  readonly isEmpty: boolean;
}

interface StoredInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/** Returns when the cluster of an output was listed. Undefined without an object, or without a time in it. Throws what the store throws. */
export async function readListed(object: string, { store, signal }: StoredInput): Promise<Date | undefined> {
  const opened = await store.open(metricsKey(object), { signal });
  if (opened === undefined) return undefined;
  // The first bytes have the time. The rest, which may be many megabytes, is not read.
  for await (const chunk of opened.chunks) return readGzipTime(chunk);
  return undefined;
}

/** Finds the outputs in the store that are not configured; none for an empty configuration. Throws what the store throws. */
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

/** The outputs that left the configuration. */
export interface LeftOutputs {
  readonly retired: readonly string[];
  /** Outputs that stay for now, and for at least how many milliseconds. */
  readonly leaving: readonly { readonly output: string; readonly stays: number }[];
}

/**
 * Removes the outputs that have been missing from the configuration for `after` milliseconds, and leaves a tombstone for
 * each. A gap between two cycles counts for at most half of that time: the configuration may be half written, or belong to
 * another deployment. Throws what the store throws.
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

/** Records that the output is missing from the configuration. Returns for how many milliseconds it stays. */
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

/** Removes the output. Returns false if a cycle has used it again meanwhile. */
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
  // A cycle has written the status since, so the output is in use again.
  if ((await readOutputStatus(store, output, signal)).status?.leaving === undefined) {
    await store.delete(key, { signal });
    return false;
  }
  await store.delete(metricsKey(output), { signal });
  await store.delete(outputStatusKey(output), { signal });
  return true;
}

/**
 * Accepts the loss that the gate holds: for an hour, the next listings may publish it, for these families and without
 * further loss. Returns the held loss; undefined if nothing is held. Throws what the store throws.
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

/** The objects of all shards of an output. Other runs may write the other shards. */
function objectsOf({ name, config }: KubeStateOutput): readonly string[] {
  const total = config.total_shards;
  return total === 1 ? [name] : Array.from({ length: total }, (_, shard) => `${name}.${shard}`);
}
