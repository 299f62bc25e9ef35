import { mapConcurrent } from '../base/concurrency.ts';
import { heedSignals } from '../base/deadlines.ts';
import { MusterError } from '../base/errors.ts';
import type { Resolved } from '../cycle/naming.ts';
import type { CycleInput } from '../cycle/provider.ts';
import type { Discover, DiscoverInput, Listed } from '../targets/discover.ts';
import type { TargetGroup } from '../targets/group.ts';
import type { AppProvider } from './providers.ts';

/** What a member of a group is run with. */
export interface Member<P> {
  /** The provider, whose listing is now one with those of the others that ask for the same. */
  readonly provider: P;
  /** For its cycle: it waits until the others have loaded their lists, too. */
  readonly beforeListing?: CycleInput['beforeListing'];
}

/** Milliseconds for which members that are ready wait for the others: a store may hang for one of them. */
const patience = 30_000;

/**
 * Runs something for each of some providers at the same time, and lists those that ask for the same once. Each gets the
 * whole listing and does with it what its job says. One that fails, is late or has enough leaves the others alone; the
 * slowest sets the pace, so that no batch is kept for long. A listing that fails does so for all that share it.
 */
export function runTogether<P extends AppProvider, T>(
  providers: readonly P[],
  run: (member: Member<P>) => Promise<T>,
): readonly Promise<T>[] {
  const [first, ...others] = providers;
  if (first === undefined) return [];
  if (others.length === 0) return [run({ provider: first })];
  const meeting = openMeeting(providers);
  return providers.map(async (provider) => {
    try {
      return await run({
        provider: { ...provider, discover: meeting.discover(provider) },
        beforeListing: (signal) => meeting.ready(provider, signal),
      });
    } finally {
      meeting.leave(provider);
    }
  });
}

/** Where members wait for each other. */
interface Meeting {
  /** Resolves once nobody is waited for any more, or the signal fires. */
  readonly ready: (provider: AppProvider, signal: AbortSignal | undefined) => Promise<void>;
  readonly discover: (provider: AppProvider) => Discover;
  /** Nobody waits for this one any more. */
  readonly leave: (provider: AppProvider) => void;
}

function openMeeting(providers: readonly AppProvider[]): Meeting {
  const loading = new Set(providers);
  const attending = new Set<AppProvider>();
  const asking = new Map<AppProvider, DiscoverInput>();
  const begun = Promise.withResolvers<void>();
  const started = Promise.withResolvers<ReadonlyMap<AppProvider, Subscription>>();
  let isBegun = false;
  let isStarted = false;
  let timer: NodeJS.Timeout | undefined;

  const begin = () => {
    if (isBegun || attending.size === 0) return;
    isBegun = true;
    clearTimeout(timer);
    begun.resolve();
  };
  const startIfAll = () => {
    if (!isBegun || isStarted || asking.size === 0 || asking.size < attending.size) return;
    isStarted = true;
    started.resolve(startListings(asking));
  };
  const leave = (provider: AppProvider) => {
    loading.delete(provider);
    attending.delete(provider);
    if (!isStarted) asking.delete(provider);
    if (loading.size === 0) begin();
    startIfAll();
    if (loading.size === 0 && attending.size === 0) clearTimeout(timer);
  };
  return {
    ready(provider, signal) {
      loading.delete(provider);
      if (!isBegun) attending.add(provider);
      if (loading.size === 0) begin();
      else timer ??= setTimeout(begin, patience);
      const signals = signal === undefined ? [] : [signal];
      // The listing itself says that it was ended.
      return heedSignals(begun.promise, signals, 'before all were ready').catch(() => undefined);
    },
    discover: (provider) =>
      async function* (input) {
        // Who comes late lists by itself: the others have begun.
        if (isStarted || !attending.has(provider)) return yield* provider.discover(input);
        try {
          asking.set(provider, input);
          startIfAll();
          const waiting = heedSignals(started.promise, [input.signal], 'before targets were listed');
          const subscription = (await waiting).get(provider);
          return yield* (subscription ?? provider.discover)(input);
        } finally {
          leave(provider);
        }
      },
    leave,
  };
}

type Subscription = Discover;

/** One listing for all that ask for the same. */
function startListings(
  asking: ReadonlyMap<AppProvider, DiscoverInput>,
): ReadonlyMap<AppProvider, Subscription> {
  const subscriptions = new Map<AppProvider, Subscription>();
  const byListing = Map.groupBy(asking, ([provider]) => provider.sharing?.listing ?? provider);
  for (const members of byListing.values()) {
    const [first] = members;
    if (first === undefined || members.length === 1) continue;
    const source = openListing(members);
    for (const [index, [provider]] of members.entries())
      subscriptions.set(provider, subscribe(source, index));
  }
  return subscriptions;
}

type Batch = IteratorResult<readonly TargetGroup[], Listed | undefined>;

/** A listing with several readers, known by number. */
interface SharedListing {
  /** The next batch, once every reader has asked for it. */
  readonly next: (reader: number) => Promise<Batch>;
  /** The others go on without this one; the last one ends the listing. */
  readonly leave: (reader: number) => void;
}

function openListing(members: readonly (readonly [AppProvider, DiscoverInput])[]): SharedListing {
  const stop = new AbortController();
  const inputs = members.map(([, input]) => input);
  const discover = members[0]?.[0].sharing?.discover;
  if (discover === undefined) throw new MusterError('internal', 'a listing without a provider is shared');
  const listing = discover(mergeInputs(inputs, stop.signal), (message) => {
    for (const [{ sharing }] of members) sharing?.warn(message);
  });
  const readers = new Set(members.keys());
  const waiting = new Map<number, PromiseWithResolvers<Batch>>();
  const pull = () => {
    if (waiting.size === 0 || waiting.size < readers.size) return;
    const turn = [...waiting.values()];
    waiting.clear();
    listing.next().then(
      (batch) => {
        for (const { resolve } of turn) resolve(batch);
      },
      (error: unknown) => {
        for (const { reject } of turn) reject(error);
      },
    );
  };
  return {
    next(reader) {
      const batch = Promise.withResolvers<Batch>();
      waiting.set(reader, batch);
      pull();
      return batch.promise;
    },
    leave(reader) {
      if (!readers.delete(reader)) return;
      waiting.delete(reader);
      if (readers.size > 0) return pull();
      stop.abort(new MusterError('internal', 'nobody reads the listing any more'));
      // It may be what hangs: nothing waits for it.
      listing.return(undefined).catch(() => undefined);
    },
  };
}

function subscribe(listing: SharedListing, reader: number): Subscription {
  return async function* ({ signal, cursor }) {
    try {
      for (;;) {
        const batch = await heedSignals(listing.next(reader), [signal], 'while targets were listed');
        if (batch.done === true) return comparedWith(batch.value, cursor);
        yield batch.value;
      }
    } finally {
      listing.leave(reader);
    }
  };
}

/** What the listing says to a provider whose last one returned this cursor. */
function comparedWith(listed: Listed | undefined, cursor: DiscoverInput['cursor']): Listed | undefined {
  if (listed?.comparedWith === undefined) return listed;
  const { backend } = listed;
  return { backend, ...listed.comparedWith(cursor) };
}

/**
 * What all members want: time for the last of their deadlines, and a cursor only where it is that of all. One that
 * starts without is asked for the newest state.
 */
function mergeInputs(inputs: readonly DiscoverInput[], signal: AbortSignal): DiscoverInput {
  const deadlines = inputs.map(({ deadline }) => deadline);
  const known = deadlines.filter((deadline) => deadline !== undefined);
  const cursors = new Set(inputs.map(({ cursor }) => cursor));
  const [cursor] = cursors;
  return {
    signal,
    deadline: known.length === deadlines.length ? Math.max(...known) : undefined,
    cursor: cursors.size === 1 ? cursor : undefined,
    onProgress(progress) {
      for (const { onProgress } of inputs) onProgress?.(progress);
    },
  };
}

/** How many providers are run together at most, and with how many targets in all: each holds its list. */
export interface GroupLimits {
  readonly providers: number;
  readonly targets: number;
}

/**
 * Runs something for each provider, so many groups at a time, and gives the results in the order of the providers. A
 * signal that fires keeps the next groups from starting, and is thrown as `mapConcurrent` does.
 */
export async function runGroups<P extends Resolved<AppProvider>, T>(
  providers: readonly P[],
  run: (member: Member<P>) => Promise<T>,
  { concurrency, signal }: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<readonly T[]> {
  const groups = groupsOf(providers, ({ stored }) => stored?.status?.targets ?? 0);
  const ended = await mapConcurrent(groups, concurrency, signal, (group) =>
    Promise.all(runTogether(group, run).map(async (result, index) => [group[index], await result] as const)),
  );
  const results = new Map(ended.flat());
  return providers.flatMap((provider) => results.get(provider) ?? []);
}

/** For a machine of one's own. */
const groupLimits: GroupLimits = { providers: 64, targets: 1_000_000 };

/**
 * The providers in groups that are run together, in the order of their first. `targetsOf` says how many targets one has,
 * as far as that is known. A group that would be too large is cut into several, where those that list the same stay
 * together as far as can be.
 */
export function groupsOf<P extends Pick<AppProvider, 'sharing'>>(
  providers: readonly P[],
  targetsOf: (provider: P) => number,
  limits: GroupLimits = groupLimits,
): readonly (readonly P[])[] {
  const byGroup = Map.groupBy(providers, (provider) => provider.sharing?.group ?? provider);
  return [...byGroup.values()].flatMap((group) => {
    const alike = [...Map.groupBy(group, (provider) => provider.sharing?.listing ?? provider).values()];
    const parts: P[][] = [];
    let size = 0;
    for (const provider of alike.flat()) {
      const part = parts.at(-1);
      const targets = targetsOf(provider);
      size += targets;
      if (part !== undefined && part.length < limits.providers && size <= limits.targets) part.push(provider);
      else {
        parts.push([provider]);
        size = targets;
      }
    }
    return parts;
  });
}
