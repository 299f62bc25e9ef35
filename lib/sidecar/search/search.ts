import { toMusterError } from '../../base/errors.ts';
import { nearest } from '../../config/problem.ts';
import { type LabelSet, metaPrefix } from '../../targets/group.ts';
import type { TargetFile } from '../mirror/target-files.ts';
import { fittingTargets, namesIn, narrowQuery, type Query } from './query.ts';
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
  /** How many fit, in all files that could be searched. */
  readonly total: number;
  /** Files that could not be searched, and why. */
  readonly problems: readonly string[];
  /** Names of the query that no target has as a label, each with the name that may be meant. */
  readonly unknown: readonly UnknownName[];
}

/** A name that is no label's. */
export interface UnknownName {
  readonly name: string;
  readonly nearest: string | undefined;
}

/** What to search for, and which rows to return. */
export interface SearchOptions {
  readonly query: Query;
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * A page of the targets that fit, file by file in their order. Without a query, what is not on the page is known from
 * the mirror's own count and not read. Throws only when the signal fires.
 */
export async function searchTargets(
  files: readonly TargetFile[],
  { query, offset, limit, signal }: SearchOptions,
): Promise<SearchResult> {
  const search: Search = { rows: [], problems: [], seen: 0, from: offset, to: offset + limit };
  const missing = new Set(namesIn(query).filter((name) => !ownNames.includes(name)));
  const unread: TargetFile[] = [];
  for (const file of files) {
    const rest = narrowQuery(query, file);
    if (rest === undefined) {
      unread.push(file);
      continue;
    }
    if (rest.length === 0 && (search.seen + file.targets <= search.from || search.seen >= search.to)) {
      search.seen += file.targets;
      continue;
    }
    const before = search.seen;
    try {
      for await (const groups of scanFile(file.path, rest, signal, missing)) {
        for (const group of groups) take(search, file, rest, group);
        if (rest.length === 0 && search.seen >= search.to) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      search.problems.push(toMusterError(error).message);
    }
    if (rest.length === 0) search.seen = before + file.targets;
  }
  const { rows, problems, seen } = search;
  const isOdd = seen === 0 || query.some((clause) => clause.some(({ not }) => not));
  if (!isOdd || problems.length > 0) return { rows, total: seen, problems, unknown: [] };
  for (const { path } of unread) if (missing.size > 0) await readNames(path, missing, signal);
  const names = missing.size === 0 ? [] : [...ownNames, ...(await someNames(files, signal))];
  const unknown = [...missing].map((name) => ({ name, nearest: nearest(name, names) }));
  return { rows, total: seen, problems, unknown };
}

interface Search {
  readonly rows: TargetRow[];
  readonly problems: string[];
  readonly from: number;
  readonly to: number;
  seen: number;
}

function take(search: Search, file: TargetFile, query: Query, group: FoundGroup): void {
  if (group.fits === true) {
    const { count } = group;
    if (search.seen + count <= search.from || search.seen >= search.to) {
      search.seen += count;
      return;
    }
  }
  const { targets, labels } = group.decode();
  const fitting = group.fits === true ? targets.keys() : fittingTargets(query, { targets, labels });
  for (const index of fitting) {
    const address = targets[index];
    if (search.seen >= search.from && search.seen < search.to && address !== undefined) {
      const { source, job, provider } = file;
      search.rows.push({ source, job, provider, address, labels });
    }
    search.seen += 1;
  }
}

/** What every target is told apart by, beside its labels. */
const ownNames = ['job', 'provider', 'mechanism', 'address', '__address__'];

/** Takes those names from the missing ones that a label of the file has. */
async function readNames(path: string, missing: Set<string>, signal: AbortSignal): Promise<void> {
  for await (const _ of scanFile(path, nothingFits, signal, missing)) if (missing.size === 0) return;
}

/** No line of a file has such a text. */
const nothingFits: Query = [[{ kind: 'equals', name: '\n', text: '\n', not: false }]];

/** Files, and groups of each, in which names are looked for that may have been meant. */
const sampledFiles = 100;
const sampledGroups = 200;

async function someNames(files: readonly TargetFile[], signal: AbortSignal): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const { path } of files.slice(0, sampledFiles)) {
    let left = sampledGroups;
    for await (const groups of scanFile(path, [], signal)) {
      for (const group of groups.slice(0, left))
        for (const name of Object.keys(group.decode().labels))
          if (!names.has(name)) for (const one of shortNames(name)) names.add(one);
      left -= groups.length;
      if (left <= 0) break;
    }
  }
  return names;
}

/** The names by which a query can mean a label: `service` for `__meta_consul_service`. */
function shortNames(name: string): readonly string[] {
  if (!name.startsWith(metaPrefix)) return [name];
  const words = name.slice(metaPrefix.length).split('_');
  return [name, ...words.map((_, index) => words.slice(index).join('_')).filter((one) => one !== '')];
}
