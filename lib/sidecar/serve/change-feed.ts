import { messageWithKey } from '../../base/errors.ts';
import type { Status } from '../../cycle/status.ts';
import { journalKey, type ProviderId } from '../../targets/keys.ts';
import type { ChangeSummary, Journal } from './journal.ts';

/** A provider with a history. */
export interface ProviderWithJournal extends ProviderId {
  readonly source: string;
  readonly status: Status;
  readonly journal: Journal;
}

/**
 * Distinguishes its journal from one that lay under the same keys before: of another store, or of an earlier life of
 * the provider.
 */
function lifeOf({ store = '', first_attempt = '' }: Status): string {
  return `${store} ${first_attempt}`;
}

/** One change of one provider. */
export interface ChangeItem extends ChangeSummary, ProviderId {
  readonly source: string;
  /** When it was committed, ISO 8601. */
  readonly at: string;
}

/** Some changes of a feed. */
export interface ChangePage {
  /** The newest first. */
  readonly items: readonly ChangeItem[];
  /** What could not be read. */
  readonly problems: readonly string[];
}

/** How many changes to read, and from where. */
export interface FeedOptions {
  readonly limit: number;
  /** Only versions below this one. */
  readonly before?: number | undefined;
  readonly signal: AbortSignal;
}

/** Providers whose next entry is fetched at a time, and entries of each that are fetched ahead. */
const width = 8;
const ahead = 4;

/**
 * The newest changes of all these providers, by the time of their commit. Versions have no gap and the status has the
 * newest, so that no listing is needed: a journal of a year has more keys than anybody wants to list.
 */
export async function newestChanges(
  providers: readonly ProviderWithJournal[],
  { limit, before, signal }: FeedOptions,
): Promise<ChangePage> {
  const open = providers.map((provider): Cursor => {
    const newest = Math.min(provider.status.version, (before ?? Infinity) - 1);
    return { provider, version: newest, at: provider.status.last_change ?? provider.status.last_attempt };
  });
  const items: ChangeItem[] = [];
  const problems: string[] = [];
  while (items.length < limit) {
    signal.throwIfAborted();
    const ranked = open.filter(({ version }) => version > 0).sort((a, b) => (a.at < b.at ? 1 : -1));
    const [first] = ranked;
    if (first === undefined) break;
    if (first.found === undefined) {
      const unread = ranked.filter(({ found }) => found === undefined).slice(0, width);
      await Promise.all(unread.map((cursor) => load(cursor, problems)));
      continue;
    }
    const { job, provider, source } = first.provider;
    items.push({ ...first.found, job, provider, source, at: first.at });
    first.version -= 1;
    first.found = undefined;
  }
  return { items, problems };
}

/** Where the merge stands in one journal; `at` is the time of `found`, or until it is there no earlier than it. */
interface Cursor {
  readonly provider: ProviderWithJournal;
  version: number;
  at: string;
  found?: ChangeSummary | undefined;
}

async function load(cursor: Cursor, problems: string[]): Promise<void> {
  const { provider, version } = cursor;
  const life = lifeOf(provider.status);
  try {
    for (let older = version - 1; older > 0 && older > version - ahead; older--)
      provider.journal.summary(provider, older, life).catch(() => undefined);
    cursor.found = await provider.journal.summary(provider, version, life);
    cursor.at = cursor.found?.head?.at ?? cursor.at;
  } catch (error) {
    problems.push(messageWithKey(journalKey(provider, version), error));
  }
  // Whether it is not there any more or does not come: there is no way to what lies before it.
  if (cursor.found === undefined) cursor.version = 0;
}

/** The number of targets from a time on. */
export interface Point {
  /** Milliseconds of Unix time. */
  readonly at: number;
  readonly targets: number;
  /** The version with this count; absent if the count is only known from then on. */
  readonly version?: (ProviderId & { readonly source: string; readonly version: number }) | undefined;
}

/** Target counts over time. */
export interface History {
  /** Oldest first. */
  readonly points: readonly Point[];
  /** Where there are too many changes to be read, about one of so many is among them; 1: all are. */
  readonly every: number;
}

/** Entries that are read for one chart, of all providers together. */
const mostEntries = 200;
const mostProviders = 50;

/**
 * Target counts since a time (milliseconds of Unix time), or since the journals begin. It begins where the count of
 * each provider is known.
 */
export async function historyOf(providers: readonly ProviderWithJournal[], since = 0): Promise<History> {
  const shown = providers.slice(0, mostProviders);
  const most = Math.max(4, Math.floor(mostEntries / Math.max(1, shown.length)));
  const tracks = await Promise.all(shown.map((provider) => trackOf(provider, since, most)));
  const start = Math.max(0, ...tracks.map((track) => track.knownFrom));
  const steps = tracks.flatMap((track) => track.steps.map((step) => ({ ...step, track })));
  const counts = new Map<Track, number>();
  let targets = 0;
  const points: Point[] = [];
  for (const { at, count, version, track } of steps.sort((a, b) => a.at - b.at)) {
    targets += count - (counts.get(track) ?? 0);
    counts.set(track, count);
    const point = at > start ? { at, targets, version } : { at: start, targets };
    // What happened at one time is one step.
    if (points.at(-1)?.at === point.at) points.pop();
    points.push(point);
  }
  return { points, every: Math.max(1, ...tracks.map(({ every }) => every)) };
}

/** The count of one provider. */
interface Track {
  /** Milliseconds of Unix time; 0 when its journal is known from the first version on. */
  readonly knownFrom: number;
  /** Newest first. */
  readonly steps: readonly (Omit<Point, 'targets'> & { readonly count: number })[];
  readonly every: number;
}

async function trackOf(provider: ProviderWithJournal, since: number, most: number): Promise<Track> {
  const { status } = provider;
  const newest = status.version;
  const latest = range(Math.max(1, newest - most + 1), newest, 1);
  const read = await readSummaries(provider, latest);
  const oldest = timeOf(read.at(-1));
  const isEnough = latest.at(-1) === 1 || oldest === undefined || oldest < since;
  if (isEnough) return stepsOf(provider, read, 1);
  // The times of versions never go back, so that they tell where to begin.
  let [low, high] = [1, newest - most + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [summary] = await readSummaries(provider, [middle]);
    const at = timeOf(summary);
    if (at !== undefined && at >= since) high = middle;
    else low = middle + 1;
  }
  // The count at that time is that of the version before.
  const first = Math.max(1, low - 1);
  const every = Math.ceil((newest - first + 1) / most);
  const sample = range(first, newest, every);
  return stepsOf(provider, await readSummaries(provider, sample), every);
}

/** Every n-th version between two, newest first, with the first. */
function range(from: number, to: number, every: number): readonly number[] {
  const versions = [from];
  for (let version = to; version > from; version -= every) versions.push(version);
  return versions.sort((a, b) => b - a);
}

function readSummaries(
  { job, provider, status, journal }: ProviderWithJournal,
  versions: readonly number[],
): Promise<readonly (ChangeSummary | undefined)[]> {
  const life = lifeOf(status);
  return Promise.all(
    versions.map((version) => journal.summary({ job, provider }, version, life).catch(() => undefined)),
  );
}

/** The counts after versions, newest first, until one cannot be read. */
function stepsOf(
  { source, job, provider, status }: ProviderWithJournal,
  read: readonly (ChangeSummary | undefined)[],
  every: number,
): Track {
  const steps: { at: number; count: number; version: NonNullable<Point['version']> }[] = [];
  let expected = { version: status.version, count: status.targets };
  for (const summary of read) {
    const at = timeOf(summary);
    if (summary === undefined || at === undefined) break;
    const { version, head, counts } = summary;
    // An entry of an older Muster has no count: then that of the next version tells.
    const count = head?.targets ?? (expected.version === version ? expected.count : undefined);
    if (count === undefined) break;
    steps.push({ at, count, version: { source, job, provider, version } });
    expected = { version: version - 1, count: count - counts.added + counts.removed };
  }
  const last = steps.at(-1);
  if (last === undefined) {
    const at = Date.parse(status.last_attempt);
    return { knownFrom: at, steps: [{ at, count: status.targets }], every };
  }
  return { knownFrom: last.version.version === 1 ? 0 : last.at, steps, every };
}

function timeOf(summary: ChangeSummary | undefined): number | undefined {
  return summary?.head === undefined ? undefined : Date.parse(summary.head.at);
}
