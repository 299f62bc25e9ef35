import { defaultLargestObject } from '../target/file-sd.ts';
import type { NoteTarget } from '../target/scrapable.ts';
import type { CycleResult } from './provider.ts';
import type { Status } from './status.ts';

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

/** The warnings of a cycle, and which of them the status before it does not have. */
export function toldWarnings(
  lines: readonly string[],
  before: Status | undefined,
): Pick<CycleResult, 'warnings'> {
  if (lines.length === 0) return {};
  const known = new Set(before?.warnings);
  return { warnings: lines.map((message) => ({ message, isNew: !known.has(message) })) };
}

/** In steps of a tenth, so that a list which grows a little is no news. */
function sizeWarning(size: number): readonly string[] {
  const share = Math.floor((10 * size) / defaultLargestObject) / 10;
  const mebibytes = defaultLargestObject / 2 ** 20;
  const advice = 'split the list by "shards", or raise --max-object-size of every "muster sync"';
  if (size > defaultLargestObject)
    return [
      `the list is larger than the ${mebibytes} MiB that a mirror takes unless told otherwise: ${advice}`,
    ];
  if (share < 0.8) return [];
  return [`the list has ${share * 100} % of the ${mebibytes} MiB that a mirror takes at most: ${advice}`];
}

function targets(count: number): string {
  return count === 1 ? '1 target' : `${count} targets`;
}
