import { type Broadcast, openBroadcast } from '../base/broadcast.ts';
import { mapConcurrent } from '../base/concurrency.ts';
import { heedSignals } from '../base/deadlines.ts';
import { MusterError } from '../base/errors.ts';
import type { Resolved } from '../cycle/naming.ts';
import type { CycleInput } from '../cycle/provider.ts';
import type { Discover, DiscoverInput, Listed } from '../targets/discover.ts';
import type { TargetGroup } from '../targets/group.ts';
import type { AppProvider, GroupListing, ListingInput, Sharing } from './providers.ts';

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
  const started = Promise.withResolvers<ReadonlyMap<AppProvider, Place>>();
  let places: ReadonlyMap<AppProvider, Place> = new Map();
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
    places = startListings(asking);
    started.resolve(places);
  };
  const leave = (provider: AppProvider) => {
    loading.delete(provider);
    attending.delete(provider);
    if (!isStarted) asking.delete(provider);
    places.get(provider)?.leave();
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
          const place = (await waiting).get(provider);
          return yield* (place ?? provider).discover(input);
        } finally {
          leave(provider);
        }
      },
    leave,
  };
}

/** A place among the readers of a listing. */
interface Place {
  readonly discover: Discover;
  readonly leave: () => void;
}

/** One listing for all that ask for the same; those of a group are made together, as far as their mechanism can. */
function startListings(asking: Asking): ReadonlyMap<AppProvider, Place> {
  const places = new Map<AppProvider, Place>();
  for (const group of Map.groupBy(asking, ([{ sharing }]) => sharing?.group ?? '').values()) {
    const shared = group.flatMap(([provider, input]) => {
      const { sharing } = provider;
      return sharing === undefined ? [] : [{ provider, input, sharing }];
    });
    const listings = [...Map.groupBy(shared, ({ sharing }) => sharing.listing).values()];
    const isTogether = listings.length > 1 && shared[0]?.sharing.discoverTogether !== undefined;
    const opened = isTogether ? openTogether(listings) : listings.map(openAlone);
    for (const [index, readers] of listings.entries()) {
      const listing = opened[index];
      if (listing === undefined) continue;
      const taken = { isTaken: false };
      for (const [reader, { provider }] of readers.entries())
        places.set(provider, placeOf(listing, reader, taken));
    }
  }
  return places;
}

/** Who asks, and what for. */
type Asking = ReadonlyMap<AppProvider, DiscoverInput>;

interface Reader {
  readonly provider: AppProvider;
  readonly input: DiscoverInput;
  readonly sharing: Sharing;
}

type Listing = Broadcast<readonly TargetGroup[], Listed | undefined>;

/** The listing of equal stanzas, with all that is its own. */
function openAlone(readers: readonly Reader[]): Listing {
  return openBroadcast({
    readers: readers.length,
    start: (signal) => {
      const [first] = readers;
      if (first === undefined) throw new MusterError('internal', 'a listing has no reader');
      return first.sharing.discover(mergeInputs(readers, signal));
    },
  });
}

/** Listings that differ, over one connection. */
function openTogether(listings: readonly (readonly Reader[])[]): readonly Listing[] {
  const all = new AbortController();
  let left = listings.length;
  const opened = listings.map((readers) => ({ readers, stop: new AbortController() }));
  const members = opened.flatMap(({ readers, stop }): GroupListing[] => {
    const [first] = readers;
    return first === undefined ? [] : [{ sharing: first.sharing, input: mergeInputs(readers, stop.signal) }];
  });
  const common = mergeInputs(listings.flat(), all.signal);
  const made = members[0]?.sharing.discoverTogether?.(members, common) ?? [];
  return opened.map(({ readers, stop }, index) =>
    openBroadcast({
      readers: readers.length,
      start() {
        const listing = made[index];
        if (listing === undefined) throw new MusterError('internal', 'a listing is missing from its group');
        return listing;
      },
      onEnd() {
        const over = new MusterError('internal', 'nobody reads the listing any more');
        stop.abort(over);
        left -= 1;
        if (left === 0) all.abort(over);
      },
    }),
  );
}

function placeOf(listing: Listing, reader: number, requests: { isTaken: boolean }): Place {
  return {
    async *discover({ signal, cursor }) {
      const listed = yield* listing.read(reader, signal);
      const result = comparedWith(listed, cursor);
      if (listed?.requests === undefined) return result;
      // A sum over all providers counts them once.
      const own = requests.isTaken ? 0 : listed.requests;
      requests.isTaken = true;
      return { ...result, requests: own };
    },
    leave: () => listing.leave(reader),
  };
}

/** What the listing says to a provider whose last one returned this cursor. */
function comparedWith(listed: Listed | undefined, cursor: DiscoverInput['cursor']): Listed | undefined {
  if (listed?.comparedWith === undefined) return listed;
  const { backend, requests } = listed;
  return { backend, requests, ...listed.comparedWith(cursor) };
}

/**
 * What all members want: time for the last of their deadlines, and a cursor only where it is that of all. One that
 * starts without is asked for the newest state.
 */
function mergeInputs(readers: readonly Reader[], signal: AbortSignal): ListingInput {
  const deadlines = readers.map(({ input }) => input.deadline);
  const known = deadlines.filter((deadline) => deadline !== undefined);
  const cursors = new Set(readers.map(({ input }) => input.cursor));
  const [cursor] = cursors;
  return {
    signal,
    deadline: known.length === deadlines.length ? Math.max(...known) : undefined,
    cursor: cursors.size === 1 ? cursor : undefined,
    onProgress(progress) {
      for (const { input } of readers) input.onProgress?.(progress);
    },
    warn(message) {
      for (const { sharing } of readers) sharing.warn(message);
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

/**
 * For an AWS function with so many megabytes. Measured, at first runs in which all is new: 200 targets for each
 * megabyte over 100 take a third of the memory, and as Lambda's share of CPU grows with its memory, a minute at most.
 */
export function functionLimits(megabytes: number): GroupLimits {
  const memory = Number.isFinite(megabytes) ? megabytes : 512;
  return { providers: 32, targets: 200 * Math.max(0, memory - 100) };
}

/** For your own machine. */
const groupLimits: GroupLimits = { providers: 64, targets: 1_000_000 };

/**
 * The providers in groups that are run together, in the order of their first. `targetsOf` says how many targets one
 * has, as far as that is known. A group that would be too large is cut into several, where those that list the same
 * stay together as far as can be.
 */
export function groupsOf<P extends { readonly sharing?: Pick<Sharing, 'group' | 'listing'> | undefined }>(
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
