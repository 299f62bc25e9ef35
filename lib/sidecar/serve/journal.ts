import { createLimit } from '../../base/concurrency.ts';
import { isMusterError, toMusterError } from '../../base/errors.ts';
import { type JournalHead, type JournalLine, readJournalLines } from '../../cycle/journal.ts';
import type { ObjectStore } from '../../store/store.ts';
import { type ChangeCounts, type TargetChange, tally, targetChanges } from '../../targets/diff.ts';
import { journalKey, type ProviderId } from '../../targets/keys.ts';

/** One version, counted, with its first few targets; or why it cannot be shown. */
export interface ChangeSummary {
  readonly version: number;
  readonly head: JournalHead | undefined;
  readonly counts: ChangeCounts;
  /** Without their labels. */
  readonly sample: readonly TargetChange[];
  readonly problem: string | undefined;
}

/** A page of the targets of one version. */
export interface ChangeDetail extends ChangeSummary {
  readonly rows: readonly TargetChange[];
}

/** Reads the versions of the providers of one store. */
export interface Journal {
  /**
   * `undefined` if the journal has no such version. Throws what the store throws. `life` tells the journal from one
   * that lay under the same keys before: the store was emptied, or the provider retired and came back.
   */
  summary(id: ProviderId, version: number, life: string): Promise<ChangeSummary | undefined>;
  detail(
    id: ProviderId & { readonly version: number },
    page: { readonly offset: number; readonly limit: number; readonly signal: AbortSignal },
  ): Promise<ChangeDetail | undefined>;
}

/** Reads the journal of a store. An entry never changes, so that its summary is kept: the last thousand of them. */
export function createJournal(store: ObjectStore): Journal {
  const kept = new Map<string, Promise<ChangeSummary | undefined>>();
  const limit = createLimit(parallel);

  const read = async (key: string, page: Page, signal: AbortSignal): Promise<ChangeDetail | undefined> => {
    const found = await store.get(key, { maxBytes: largestEntry, signal });
    return found === undefined ? undefined : readEntry(key, found.body, page, signal);
  };

  return {
    summary(id, version, life) {
      const key = journalKey(id, version);
      const name = JSON.stringify([key, life]);
      const before = kept.get(name);
      if (before !== undefined) return before;
      const summary = limit(() => read(key, noPage, AbortSignal.timeout(timeout))).catch((error: unknown) => {
        if (isMusterError(error, 'too-large')) return unreadable(version, named(key, error.message));
        kept.delete(name);
        throw error;
      });
      if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '');
      kept.set(name, summary);
      return summary;
    },
    detail: ({ version, ...id }, { signal, ...page }) =>
      limit(async () => {
        signal.throwIfAborted();
        return read(journalKey(id, version), page, signal);
      }),
  };
}

const parallel = 8;
const mostKept = 1000;
const timeout = 15_000;
/** Bytes as stored: about half a gigabyte of targets. */
const largestEntry = 16 << 20;
/** Characters of one group; an object of a hostile line takes some fifty times as many bytes. */
const longestLine = 4 << 20;
const sampled = 5;
const mostDifferences = 6;
const noPage = { offset: 0, limit: 0 };

interface Page {
  readonly offset: number;
  readonly limit: number;
}

async function readEntry(
  key: string,
  body: Uint8Array,
  { offset, limit }: Page,
  signal: AbortSignal,
): Promise<ChangeDetail> {
  const version = Number(/(\d+)\.json\.gz$/.exec(key)?.[1]);
  const counts = { added: 0, removed: 0, changed: 0 };
  const rows: TargetChange[] = [];
  const sample: TargetChange[] = [];
  let head: JournalHead | undefined;
  let seen = 0;
  try {
    for await (const line of readJournalLines(body, { signal, longestLine })) {
      if (line.kind === 'head') head = { ...line.head, run: shorten(line.head.run) };
      for (const change of changesOf(line)) {
        tally(counts, change);
        if (sample.length < sampled) sample.push(brief(change));
        if (seen >= offset && seen < offset + limit) rows.push(change);
        seen += 1;
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...unreadable(version, named(key, toMusterError(error).message)), rows: [] };
  }
  return { version, head, counts, sample, rows, problem: undefined };
}

function changesOf(line: JournalLine): Iterable<TargetChange> {
  if (line.kind === 'head') return [];
  if (line.kind === 'changed') return targetChanges(line.before, line.after);
  return line.kind === 'added' ? targetChanges(undefined, line.group) : targetChanges(line.group, undefined);
}

/** What is kept for long is small. */
function brief(change: TargetChange): TargetChange {
  const differences = change.differences.slice(0, mostDifferences).map(({ name, before, after }) => ({
    name: shorten(name),
    before: before && shorten(before),
    after: after && shorten(after),
  }));
  const { source, address } = change;
  return {
    ...change,
    source: shorten(source),
    address: address && shorten(address),
    labels: {},
    differences,
  };
}

function shorten(value: string): string {
  return value.length <= 120 ? value : `${value.slice(0, 120)}…`;
}

/** The problem with the name of the object, which what the store says has already. */
function named(key: string, problem: string): string {
  return problem.includes(key) ? problem : `${key}: ${problem}`;
}

function unreadable(version: number, problem: string): ChangeSummary {
  return { version, head: undefined, counts: { added: 0, removed: 0, changed: 0 }, sample: [], problem };
}
