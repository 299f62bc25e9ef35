import { mapConcurrent } from '../base/concurrency.ts';
import type { ObjectStore } from '../store/store.ts';
import { encodeJob, folders, type ProviderId, parseStatusKey, statusKey } from '../targets/keys.ts';
import { readStatus, type StoredStatus } from './status.ts';

/** A provider as the configuration names it. */
export interface Named extends ProviderId {
  readonly mechanism: string;
  /** Digest of what it lists. */
  readonly identity?: string | undefined;
  /** The configuration gives it this very name. */
  readonly hasOwnName?: boolean;
}

/** A provider under the name that the store knows it by, and its status as it was read on the way. */
export type Resolved<P extends Named> = P & { readonly stored?: StoredStatus };

interface NamingInput {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/**
 * Gives each provider the name under which the store knows what it lists, wherever it stands in the configuration. A
 * new one gets the name that it would have by its place, or else the lowest free number. Costs a look at the status of
 * each provider, which the cycle needs anyway, and one listing more for a job of which that does not tell all.
 */
export async function resolveNames<P extends Named>(
  providers: readonly P[],
  input: NamingInput,
): Promise<readonly Resolved<P>[]> {
  const byPlace = await readStatuses(providers, input);
  const resolved = new Map<P, Resolved<P>>();
  for (const group of Map.groupBy(providers, ({ job, mechanism }) =>
    JSON.stringify([job, mechanism]),
  ).values()) {
    const isPlain = group.every(
      (one) => one.hasOwnName === true || isKnownAs(one, byPlace.get(statusKey(one))),
    );
    const statuses = isPlain ? byPlace : await readJob(group, byPlace, input);
    const names = isPlain ? new Map() : assignNames(group, statuses);
    for (const one of group) {
      const provider = names.get(one) ?? one.provider;
      const stored = statuses.get(statusKey({ job: one.job, provider }));
      resolved.set(one, { ...one, provider, ...(stored && { stored }) });
    }
  }
  return providers.map((one) => resolved.get(one) ?? one);
}

/** A status that does not say what its provider lists is that of an earlier version. */
function isKnownAs({ identity }: Named, stored: StoredStatus | undefined): boolean {
  const status = stored?.status;
  return status !== undefined && (status.identity === undefined || status.identity === identity);
}

async function readStatuses(
  ids: readonly ProviderId[],
  { store, signal }: NamingInput,
): Promise<Map<string, StoredStatus>> {
  const read = await mapConcurrent(
    ids,
    8,
    signal,
    async (id) => [statusKey(id), await readStatus(store, id, signal)] as const,
  );
  return new Map(read);
}

/** The statuses of all providers of the mechanism that the store has of the job, too. */
async function readJob<P extends Named>(
  [first]: readonly P[],
  known: ReadonlyMap<string, StoredStatus>,
  input: NamingInput,
): Promise<ReadonlyMap<string, StoredStatus>> {
  if (first === undefined) return known;
  const folder = `${folders.status}${encodeJob(first.job)}/`;
  const ids = (await input.store.list(folder, { signal: input.signal }))
    .map(({ key }) => parseStatusKey(key))
    .filter((id) => id !== undefined)
    .filter((id) => id.provider.startsWith(`${first.mechanism}-`) && !known.has(statusKey(id)));
  return new Map([...known, ...(await readStatuses(ids, input))]);
}

function assignNames<P extends Named>(
  group: readonly P[],
  statuses: ReadonlyMap<string, StoredStatus>,
): ReadonlyMap<P, string> {
  const names = new Map<P, string>();
  const stored = new Map<string, string | undefined>();
  const [first] = group;
  for (const [key, { status, etag }] of statuses) {
    const id = parseStatusKey(key);
    if (id !== undefined && id.job === first?.job && etag !== undefined)
      stored.set(id.provider, status?.identity);
  }
  const taken = new Set(group.filter(({ hasOwnName }) => hasOwnName).map(({ provider }) => provider));
  const open = group.filter(({ hasOwnName }) => hasOwnName !== true);
  const claim = (one: P, name: string | undefined) => {
    if (name === undefined || taken.has(name) || names.has(one)) return;
    names.set(one, name);
    taken.add(name);
  };
  for (const one of open)
    claim(one, [...stored].find(([, identity]) => identity !== undefined && identity === one.identity)?.[0]);
  for (const one of open)
    if (!stored.has(one.provider) || stored.get(one.provider) === undefined) claim(one, one.provider);
  for (const one of open) {
    for (let index = 0; !names.has(one); index++) {
      const name = `${one.mechanism}-${index}`;
      if (!stored.has(name)) claim(one, name);
    }
  }
  return names;
}
