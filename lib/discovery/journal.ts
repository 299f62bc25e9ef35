import type { Groups } from '../target/canonical.ts';
import type { Change } from '../target/diff.ts';
import { packLines } from './gzip-lines.ts';

/**
 * Why a change was committed: `discovered` by a cycle; `confirmed` by time or `accepted` by an operator after the gate
 * held it; `rebuilt` because the history before it could not be read; `retired` with its provider.
 */
export const reasons = ['discovered', 'confirmed', 'accepted', 'rebuilt', 'retired'] as const;
export type Reason = (typeof reasons)[number];

/** The head of a journal entry: all but the change itself. */
export interface JournalHead {
  readonly version: number;
  /** When it was committed, ISO 8601. */
  readonly at: string;
  readonly reason: Reason;
  /** The run that committed it; no two runs share one. */
  readonly run: string;
}

/** One version of a provider's list, as the change that led to it. */
export interface JournalEntry extends JournalHead {
  readonly change: Change;
}

/** The entry as an object of the bucket: JSON with one group, or one pair of groups, a line. */
export function encodeJournalEntry(entry: JournalEntry): Promise<Uint8Array> {
  return packLines(entryText(entry));
}

function* entryText({ version, at, reason, run, change }: JournalEntry): Generator<string, undefined> {
  yield `${JSON.stringify({ schema: 1, version, at, reason, run }).slice(0, -1)},\n"added":`;
  yield* listText(groupTexts(change.added));
  yield ',\n"removed":';
  yield* listText(groupTexts(change.removed));
  yield ',\n"changed":';
  yield* listText(pairTexts(change));
  yield '}\n';
  return undefined;
}

function* groupTexts(groups: Groups): Generator<string, undefined> {
  for (const group of groups.values()) yield group.json;
  return undefined;
}

function* pairTexts({ changed }: Change): Generator<string, undefined> {
  for (const { before, after } of changed.values()) yield `{"before":${before.json},"after":${after.json}}`;
  return undefined;
}

function* listText(items: Iterable<string>): Generator<string, undefined> {
  let separator = '[\n';
  for (const item of items) {
    yield separator;
    yield item;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]' : '\n]';
  return undefined;
}
