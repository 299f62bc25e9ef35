import { toMusterError } from '../../base/errors.ts';
import type { LabelSet } from '../../targets/group.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { fittingTargets, narrowQuery, type Query } from './query.ts';
import { type FoundGroup, scanFile } from './scan.ts';

/** A target of the mirrored files. */
export interface TargetRow {
  readonly source: string;
  readonly job: string;
  readonly provider: string;
  readonly address: string;
  /** Without the address. */
  readonly labels: LabelSet;
}

/** A page of the targets that fit. */
export interface SearchResult {
  readonly rows: readonly TargetRow[];
  /** How many fit, as far as was counted. */
  readonly total: number;
  /** Whether there may be more than `total`. */
  readonly more: boolean;
  /** Files that could not be searched, and why. */
  readonly problems: readonly string[];
}

/** What to search for, and which rows to return. */
export interface SearchOptions {
  readonly query: Query;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Counting goes on this far beyond the page, then it is "more than". */
const countedBeyond = 5_000;

/**
 * A page of the targets that fit, file by file in their order. Without a query, what is not on the page is known from
 * the mirror's own count and not read. Throws only when the signal fires.
 */
export async function searchTargets(
  files: readonly TargetFile[],
  { query, offset, limit, signal }: SearchOptions,
): Promise<SearchResult> {
  const search: Search = { rows: [], problems: [], seen: 0, from: offset, to: offset + limit };
  const isFull = () => search.seen >= search.to + countedBeyond;
  for (const file of files) {
    const rest = narrowQuery(query, file);
    if (rest === undefined) continue;
    if (rest.length === 0 && (search.seen + file.targets <= search.from || search.seen >= search.to)) {
      search.seen += file.targets;
      continue;
    }
    if (isFull()) return { ...resultOf(search), more: true };
    const before = search.seen;
    try {
      for await (const groups of scanFile(file.path, rest, signal)) {
        for (const group of groups) take(search, file, rest, group);
        if (rest.length === 0 ? search.seen >= search.to : isFull()) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      search.problems.push(toMusterError(error).message);
    }
    if (rest.length === 0) search.seen = before + file.targets;
  }
  return { ...resultOf(search), more: isFull() && query.length > 0 };
}

interface Search {
  readonly rows: TargetRow[];
  readonly problems: string[];
  readonly from: number;
  readonly to: number;
  seen: number;
}

function resultOf({ rows, problems, seen }: Search): Omit<SearchResult, 'more'> {
  return { rows, problems, total: seen };
}

function take(search: Search, file: TargetFile, query: Query, group: FoundGroup): void {
  if (query.length === 0) {
    const count = group.count();
    if (search.seen + count <= search.from || search.seen >= search.to) {
      search.seen += count;
      return;
    }
  }
  const { targets, labels } = group.decode();
  const fitting = query.length === 0 ? targets.keys() : fittingTargets(query, { targets, labels });
  for (const index of fitting) {
    const address = targets[index];
    if (search.seen >= search.from && search.seen < search.to && address !== undefined) {
      const { source, job, provider } = file;
      search.rows.push({ source, job, provider, address, labels });
    }
    search.seen += 1;
  }
}
