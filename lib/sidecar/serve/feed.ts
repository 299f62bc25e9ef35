import { toMusterError } from '../../base/errors.ts';
import type { Status } from '../../cycle/status.ts';
import { journalKey, type ProviderId } from '../../targets/keys.ts';
import type { ChangeSummary, Journal } from './journal.ts';

/** A provider with a history. */
export interface Historied extends ProviderId {
  readonly source: string;
  readonly status: Status;
  readonly journal: Journal;
}

/** Tells its journal from what lay under the same keys before: a new store, or a new life of the provider in it. */
export function lifeOf({ store = '', first_attempt = '' }: Status): string {
  return `${store} ${first_attempt}`;
}

/** One change of one provider. */
export interface ChangeItem extends ChangeSummary, ProviderId {
  readonly source: string;
  /** When it was committed, ISO 8601. */
  readonly at: string;
}

export interface ChangePage {
  /** The newest first. */
  readonly items: readonly ChangeItem[];
  /** What could not be read. */
  readonly problems: readonly string[];
}

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
  providers: readonly Historied[],
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
  readonly provider: Historied;
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
