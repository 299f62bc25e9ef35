import { toMusterError } from '../../base/errors.ts';
import type { Status } from '../../cycle/status.ts';
import { journalKey, type ProviderId } from '../../targets/keys.ts';
import type { ChangeSummary, Journal } from './journal.ts';

/** A provider with a history. */
export interface ProviderWithJournal extends ProviderId {
  readonly source: string;
  readonly status: Status;
  readonly journal: Journal;
}

/** Distinguishes its journal from one that lay under the same keys before: of another store, or of an earlier life of the provider. */
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
    const key = journalKey(provider, version);
    const { message } = toMusterError(error);
    problems.push(message.includes(key) ? message : `${key}: ${message}`);
  }
  // Whether it is not there any more or does not come: there is no way to what lies before it.
  if (cursor.found === undefined) cursor.version = 0;
}

/** The number of targets from a time on. */
export interface Point {
  /** Milliseconds of Unix time. */
  readonly at: number;
  readonly targets: number;
  /** The version that made it so many; absent where the count is known from then on only. */
  readonly version?: (ProviderId & { readonly source: string; readonly version: number }) | undefined;
}

/** Entries that are read for one chart, of all providers together. */
const mostEntries = 200;
const mostProviders = 50;

/**
 * Target counts over time, from the newest counts backwards through the journals, oldest first. It begins where the
 * count of each provider is known.
 */
export async function historyOf(providers: readonly ProviderWithJournal[]): Promise<readonly Point[]> {
  const shown = providers.slice(0, mostProviders);
  const each = Math.max(4, Math.floor(mostEntries / Math.max(1, shown.length)));
  const tracks = await Promise.all(shown.map((provider) => trackOf(provider, each)));
  const start = Math.max(0, ...tracks.map((track) => track.knownFrom));
  const steps = tracks
    .flatMap(({ deltas }) => deltas)
    .filter(({ at }) => at > start)
    .sort((a, b) => b.at - a.at);
  let targets = shown.reduce((sum, { status }) => sum + status.targets, 0);
  const points: Point[] = [];
  for (const { at, delta, version } of steps) {
    // What happened at one time is one step.
    if (points.at(-1)?.at !== at) points.push({ at, targets, version });
    targets -= delta;
  }
  if (start > 0) points.push({ at: start, targets });
  return points.reverse();
}

interface Track {
  /** 0 when the whole journal was read. */
  readonly knownFrom: number;
  readonly deltas: readonly {
    readonly at: number;
    readonly delta: number;
    readonly version: Point['version'];
  }[];
}

async function trackOf(
  { source, job, provider, status, journal }: ProviderWithJournal,
  entries: number,
): Promise<Track> {
  const oldest = Math.max(1, status.version - entries + 1);
  const versions = Array.from({ length: status.version - oldest + 1 }, (_, index) => status.version - index);
  const read = await Promise.all(
    versions.map((version) =>
      journal.summary({ job, provider }, version, lifeOf(status)).catch(() => undefined),
    ),
  );
  const gap = read.findIndex((summary) => timeOf(summary) === undefined);
  const known = gap === -1 ? read : read.slice(0, gap);
  const deltas = known.flatMap((summary) => {
    const at = timeOf(summary);
    return at === undefined || summary === undefined
      ? []
      : [
          {
            at,
            delta: summary.counts.added - summary.counts.removed,
            version: { source, job, provider, version: summary.version },
          },
        ];
  });
  const whole = gap === -1 && oldest === 1;
  return { knownFrom: whole ? 0 : (deltas.at(-1)?.at ?? Date.parse(status.last_attempt)), deltas };
}

function timeOf(summary: ChangeSummary | undefined): number | undefined {
  return summary?.head === undefined ? undefined : Date.parse(summary.head.at);
}
