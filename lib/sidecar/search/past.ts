import { toMusterError } from '../../base/errors.ts';
import type { HistoryInput } from '../../cycle/history.ts';
import { groupsAt } from '../../cycle/list-at.ts';
import { countTargets, decodeGroup, type Groups } from '../../targets/canonical.ts';
import { addressLabel, targetLabels } from '../../targets/group.ts';
import type { ProviderId } from '../../targets/keys.ts';
import { fitsLabels, type Query } from './query.ts';
import type { SearchResult, TargetRow } from './search.ts';

/** The list of a provider after a version, and the rows of it that are wanted. */
export interface PastOptions extends ProviderId {
  readonly source: string;
  readonly version: number;
  readonly query: Query;
  readonly offset: number;
  readonly limit: number;
}

/** The list that was looked at last: its pages are turned one after another. */
interface Kept {
  readonly name: string;
  readonly at: number;
  readonly groups: Groups;
}

/** Milliseconds: a store may be emptied and filled again. */
const keptFor = 60_000;
let kept: Kept | undefined;

/**
 * A page of the list of a provider as it was after a version, of the targets that fit the query. Where it cannot be
 * rebuilt, a problem says why. Throws only when the signal fires.
 */
export async function listPast(options: PastOptions, input: HistoryInput): Promise<SearchResult> {
  try {
    return pageOf(await rebuilt(options, input), options);
  } catch (error) {
    input.signal.throwIfAborted();
    return { rows: [], total: 0, problems: [toMusterError(error).message], unknown: [] };
  }
}

async function rebuilt(
  { source, job, provider, version }: PastOptions,
  input: HistoryInput,
): Promise<Groups> {
  const name = JSON.stringify([source, job, provider, version]);
  if (kept?.name === name && performance.now() - kept.at < keptFor) return kept.groups;
  // Two such lists at a time would be twice the memory.
  kept = undefined;
  const { groups } = await groupsAt({ job, provider }, version, input);
  kept = { name, at: performance.now(), groups };
  return groups;
}

function pageOf(groups: Groups, { source, job, provider, query, offset, limit }: PastOptions): SearchResult {
  const rows: TargetRow[] = [];
  let seen = 0;
  for (const encoded of groups.values()) {
    // Without a query most groups are only counted.
    if (query.length === 0 && (seen + encoded.targets <= offset || seen >= offset + limit)) {
      seen += encoded.targets;
      continue;
    }
    const group = decodeGroup(encoded);
    for (const target of group.targets) {
      const all = targetLabels(group, target);
      if (!fitsLabels(query, Object.entries(all))) continue;
      const { [addressLabel]: address = '', ...labels } = all;
      if (seen >= offset && seen < offset + limit) rows.push({ source, job, provider, address, labels });
      seen += 1;
    }
  }
  const total = query.length === 0 ? countTargets(groups) : seen;
  return { rows, total, problems: [], unknown: [] };
}
