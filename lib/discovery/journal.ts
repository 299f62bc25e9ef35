import * as z from 'zod';
import { MusterError } from '../errors.ts';
import { type EncodedGroup, encodeGroup, type Groups } from '../target/canonical.ts';
import type { Change } from '../target/diff.ts';
import { targetGroup } from './group-schema.ts';
import { packText, parseJson, unpack } from './gzip-json.ts';

/**
 * Why a change was committed: `discovered` by a cycle; `confirmed` by equal cycles or `accepted` by an operator
 * after the guard held it; `rebuilt` because the history before it could not be read; `retired` with its provider.
 */
export const reasons = ['discovered', 'confirmed', 'accepted', 'rebuilt', 'retired'] as const;
export type Reason = (typeof reasons)[number];

/** One version of a provider's list, as the change that led to it. */
export interface JournalEntry {
  readonly version: number;
  /** When it was committed, ISO 8601. */
  readonly at: string;
  readonly reason: Reason;
  /** The run that committed it; no two runs share one. */
  readonly run: string;
  readonly change: Change;
}

const entry = z.strictObject({
  schema: z.literal(1),
  version: z.int().min(1),
  at: z.iso.datetime(),
  reason: z.enum(reasons),
  run: z.string(),
  added: z.array(targetGroup),
  removed: z.array(targetGroup),
  changed: z.array(z.strictObject({ before: targetGroup, after: targetGroup })),
});

/** The entry as an object of the bucket. */
export function encodeJournalEntry({ version, at, reason, run, change }: JournalEntry): Uint8Array {
  const head = JSON.stringify({ schema: 1, version, at, reason, run }).slice(0, -1);
  const changed = [...change.changed.values()].map(
    ({ before, after }) => `{"before":${before.json},"after":${after.json}}`,
  );
  return packText(
    `${head},\n"added":${lines(jsonOf(change.added))},\n"removed":${lines(jsonOf(change.removed))},\n"changed":${lines(changed)}}\n`,
  );
}

/** The entry behind an object. Throws kind `malformed`. */
export function decodeJournalEntry(body: Uint8Array): JournalEntry {
  const parsed = entry.safeParse(parseJson(unpack(body).toString('utf8')));
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new MusterError('malformed', `the journal entry is not one of schema 1 at "${path}"`);
  }
  const { version, at, reason, run, added, removed, changed } = parsed.data;
  const pairs = changed.map(({ before, after }): [string, { before: EncodedGroup; after: EncodedGroup }] => [
    before.source,
    { before: encodeGroup(before), after: encodeGroup(after) },
  ]);
  return {
    version,
    at,
    reason,
    run,
    change: { added: bySource(added), removed: bySource(removed), changed: new Map(pairs) },
  };
}

function bySource(groups: readonly z.infer<typeof targetGroup>[]): Groups {
  return new Map(groups.map((group) => [group.source, encodeGroup(group)]));
}

function jsonOf(groups: Groups): readonly string[] {
  return [...groups.values()].map(({ json }) => json);
}

function lines(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n]`;
}
