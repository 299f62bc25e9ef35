import type { ObjectStore } from '../store/store.ts';
import { type ProviderId, parseStatusKey, statusKey } from '../targets/keys.ts';
import { listProviders, readStatuses, type StoredStatus } from './status.ts';

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
 * Gives each provider the name under which the store knows what it lists. Its position in the configuration does not
 * matter. A new one gets the name of its position or, where that is taken, the lowest free number. Reads the status of
 * each provider, which the cycle needs anyway; a job whose statuses do not settle all names costs one listing more.
 */
export async function resolveNames<P extends Named>(
  providers: readonly P[],
  input: NamingInput,
): Promise<readonly Resolved<P>[]> {
  const byPosition = await readStatuses(providers, input);
  const resolved = new Map<P, Resolved<P>>();
  for (const group of Map.groupBy(providers, ({ job, mechanism }) =>
    JSON.stringify([job, mechanism]),
  ).values()) {
    const isPlain = group.every(
      (one) => one.hasOwnName === true || isKnownAs(one, byPosition.get(statusKey(one))),
    );
    const statuses = isPlain ? byPosition : await readJob(group, byPosition, input);
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

/** The statuses of all providers of the mechanism that the store has of the job, too. */
async function readJob<P extends Named>(
  [first]: readonly P[],
  known: ReadonlyMap<string, StoredStatus>,
  input: NamingInput,
): Promise<ReadonlyMap<string, StoredStatus>> {
  if (first === undefined) return known;
  const ids = (await listProviders(input, first.job)).filter(
    (id) => id.provider.startsWith(`${first.mechanism}-`) && !known.has(statusKey(id)),
  );
  return new Map([...known, ...(await readStatuses(ids, input))]);
}

function assignNames<P extends Named>(
  group: readonly P[],
  statuses: ReadonlyMap<string, StoredStatus>,
): ReadonlyMap<P, string> {
  const names = new Map<P, string>();
  const stored = new Map<string, string | undefined>();
  /** The first name of each identity. */
  const known = new Map<string, string>();
  const [first] = group;
  for (const [key, { status, etag }] of statuses) {
    const id = parseStatusKey(key);
    if (id === undefined || id.job !== first?.job || etag === undefined) continue;
    const identity = status?.identity;
    stored.set(id.provider, identity);
    if (identity !== undefined && !known.has(identity)) known.set(identity, id.provider);
  }
  const taken = new Set(group.filter(({ hasOwnName }) => hasOwnName).map(({ provider }) => provider));
  const open = group.filter(({ hasOwnName }) => hasOwnName !== true);
  const claim = (one: P, name: string | undefined) => {
    if (name === undefined || taken.has(name) || names.has(one)) return;
    names.set(one, name);
    taken.add(name);
  };
  for (const one of open) claim(one, one.identity === undefined ? undefined : known.get(one.identity));
  for (const one of open)
    if (!stored.has(one.provider) || stored.get(one.provider) === undefined) claim(one, one.provider);
  let index = 0;
  for (const one of open) {
    // What was not free for one before is not free for this one either.
    for (; !names.has(one); index++) {
      const name = `${one.mechanism}-${index}`;
      if (!stored.has(name)) claim(one, name);
    }
  }
  return names;
}
