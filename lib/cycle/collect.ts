import { heedSignals, startDeadline } from '../base/deadlines.ts';
import { MusterError } from '../base/errors.ts';
import { type EncodedGroup, encodeGroup, type Groups, sortGroups } from '../targets/canonical.ts';
import type { Cursor, Listed } from '../targets/discover.ts';
import { defaultLargestObject } from '../targets/file-sd.ts';
import { addressLabel, type TargetGroup } from '../targets/group.ts';
import { createPacker, type Packer } from '../targets/pack.ts';
import type { NoteTarget } from '../targets/scrapable.ts';
import type { CycleInput, CycleResult, Provider } from './provider.ts';
import type { Status } from './status.ts';

/** A whole listing and what it says of itself. */
export interface Listing {
  readonly groups: Groups;
  readonly listed: Listed;
  readonly findings: ListFindings;
}

/**
 * Lists a provider's targets within its deadline, and reduces each batch to canonical text as it comes. A group that did
 * not change shares the text of `before`; the others are packed, so that memory stays small. Groups without targets are
 * left out. Throws what the backend throws, or kind `timeout`.
 */
export async function collectTargets(
  provider: Provider,
  { signal, onProgress, listUntil }: Pick<CycleInput, 'signal' | 'onProgress' | 'listUntil'>,
  before: Groups,
  cursor: Cursor | undefined,
): Promise<Listing> {
  const left = listUntil === undefined ? provider.deadline : listUntil.getTime() - Date.now();
  const allowed = Math.max(0, Math.min(provider.deadline, left));
  using own = startDeadline(allowed);
  const deadline = own.signal;
  const both = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  const input = {
    signal: both,
    deadline: Date.now() + allowed,
    cursor,
    onProgress,
  };
  const groups = new Map<string, EncodedGroup>();
  const packer = createPacker();
  const findings = openFindings();
  const listing = provider.discover(input);
  try {
    for (;;) {
      both.throwIfAborted();
      const next = await heedSignals(listing.next(), [both], 'while targets were listed');
      if (next.done === true) {
        packer.finish();
        return { groups: sortGroups(groups), listed: next.value ?? {}, findings };
      }
      for (const found of next.value) {
        const group = provider.transform === undefined ? found : provider.transform(found, findings.note);
        if (group === undefined || group.targets.length === 0) groups.delete(found.source.toWellFormed());
        else {
          const source = group.source.toWellFormed();
          groups.set(source, shared(encodeGroup(group), before.get(source), packer));
          findings.withoutAddress += countUnaddressed(group);
        }
      }
    }
  } catch (error) {
    // The listing has to stop, but nothing waits for it: it may be what hangs.
    listing.return(undefined).catch(() => undefined);
    throw both.aborted ? deadlineError(allowed, deadline.aborted) : error;
  }
}

function shared(group: EncodedGroup, old: EncodedGroup | undefined, packer: Packer): EncodedGroup {
  return old?.digest === group.digest ? old : packer.pack(group);
}

/** Targets whose address is for the rules of Prometheus to set. */
function countUnaddressed({ labels, targets }: TargetGroup): number {
  const inherited = labels[addressLabel] ?? '';
  return targets.filter((target) => (target[addressLabel] ?? inherited) === '').length;
}

function deadlineError(allowed: number, own: boolean): MusterError {
  const why = own ? `no full listing within ${allowed / 1000}s` : 'stopped before the listing was full';
  return new MusterError('timeout', `${why}; the last good list stays`);
}

/** Targets of a kind, and the first of their addresses in the order of text. */
interface Found {
  readonly count: number;
  readonly example: string;
}

/** What a listing has that Prometheus cannot scrape as it is. */
export interface ListFindings {
  /** Published targets without an address. */
  withoutAddress: number;
  /** Left out: the rules leave them no address. */
  readonly addressless: Found;
  /** Left out: their address is bad. */
  readonly refused: Found;
  /** Published with a bad address. */
  readonly bad: Found;
}

/** Findings that grow while a listing comes. */
export function openFindings(): ListFindings & { readonly note: NoteTarget } {
  const none: Found = { count: 0, example: '' };
  const findings = {
    withoutAddress: 0,
    addressless: none,
    refused: none,
    bad: none,
    note: (fact: Parameters<NoteTarget>[0], address: string): void => {
      const { count, example } = findings[fact];
      // A URL may hold a password, and a hostile backend may send a novel.
      const shown = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1').slice(0, 200);
      findings[fact] = {
        count: count + 1,
        example: count === 0 || shown < example ? shown : example,
      };
    },
  };
  return findings;
}

/**
 * What an operator should know of a list although its cycle is good: a line each, the same for as long as its numbers
 * are. `largest` is the size in bytes of the largest object that a mirror has to take for it.
 */
export function listWarnings(
  { withoutAddress, addressless, refused, bad }: ListFindings,
  largest: number | undefined,
): readonly string[] {
  return [
    ...(withoutAddress > 0
      ? [`${targets(withoutAddress)} without address: Prometheus scrapes them only if its rules set one`]
      : []),
    ...(addressless.count > 0
      ? [`${targets(addressless.count)} left out: the rules leave them no address`]
      : []),
    ...(refused.count > 0
      ? [
          `${targets(refused.count)} left out: Prometheus cannot scrape their address, as of ${refused.example}`,
        ]
      : []),
    ...(bad.count > 0
      ? [
          `${targets(bad.count)} with an address that Prometheus cannot scrape unless its rules set another, as of ${bad.example}`,
        ]
      : []),
    ...sizeWarning(largest ?? 0),
  ];
}

/** The warnings of a cycle; those that the status before it lacks are new. */
export function markNew(lines: readonly string[], before: Status | undefined): Pick<CycleResult, 'warnings'> {
  if (lines.length === 0) return {};
  const known = new Set(before?.warnings);
  return { warnings: lines.map((message) => ({ message, isNew: !known.has(message) })) };
}

/** In steps of a tenth, so that the warning stays the same while a list grows a little. */
function sizeWarning(size: number): readonly string[] {
  const share = Math.floor((10 * size) / defaultLargestObject) / 10;
  const mebibytes = defaultLargestObject / 2 ** 20;
  const advice = 'split the list by "shards", or raise --max-object-size of every "muster sync"';
  if (size > defaultLargestObject)
    return [`the list is larger than the ${mebibytes} MiB that a mirror takes by default: ${advice}`];
  if (share < 0.8) return [];
  return [`the list has ${share * 100} % of the ${mebibytes} MiB that a mirror takes at most: ${advice}`];
}

function targets(count: number): string {
  return count === 1 ? '1 target' : `${count} targets`;
}
