import * as z from 'zod';
import { MusterError } from '../errors.ts';
import { type EncodedGroup, encodeGroup } from '../target/canonical.ts';
import type { TargetGroup } from '../target/group.ts';
import { createPacker } from '../target/pack.ts';
import { parseJson, refuseNewer } from './document.ts';
import { targetGroup } from './group-schema.ts';
import { type UnpackOptions, unpackLines } from './gzip-lines.ts';
import { type JournalEntry, type JournalHead, reasons } from './journal.ts';

/** A piece of a journal entry, in the order in which it is stored. */
export type JournalLine =
  | { readonly kind: 'head'; readonly head: JournalHead }
  | { readonly kind: 'added' | 'removed'; readonly group: TargetGroup }
  | { readonly kind: 'changed'; readonly before: TargetGroup; readonly after: TargetGroup };

const head = z.object({
  schema: z.literal(1),
  version: z.int().min(1),
  at: z.iso.datetime(),
  reason: z.enum(reasons),
  run: z.string(),
});

const pair = z.strictObject({ before: targetGroup, after: targetGroup });

/**
 * Reads an entry group by group, as it is unpacked: the first entry of a provider is its whole list, which is not to be
 * in memory for a page that shows twenty lines of it. Throws kind `malformed`, `too-large`, or `timeout` for the signal.
 */
export async function* readJournalLines(
  body: Uint8Array,
  options: UnpackOptions = {},
): AsyncGenerator<JournalLine, undefined> {
  let section: string | undefined;
  for await (const line of unpackLines(body, options)) {
    const opened = /^"(added|removed|changed)":\[(\]?)/.exec(line);
    if (opened !== null) section = opened[2] === '' ? opened[1] : undefined;
    else if (line.startsWith('{') && section === undefined) yield readHead(line);
    else if (line.startsWith('{')) yield readGroup(section, line.replace(/,$/, ''));
    else section = undefined;
  }
  return undefined;
}

/** The entry behind an object, its groups packed where they are many. Throws as `readJournalLines` does. */
export async function decodeJournalEntry(body: Uint8Array, signal?: AbortSignal): Promise<JournalEntry> {
  const packer = createPacker();
  const pack = (group: TargetGroup) => packer.pack(encodeGroup(group));
  const added = new Map<string, EncodedGroup>();
  const removed = new Map<string, EncodedGroup>();
  const changed = new Map<string, { before: EncodedGroup; after: EncodedGroup }>();
  let head: JournalHead | undefined;
  for await (const line of readJournalLines(body, { ...(signal && { signal }) })) {
    if (line.kind === 'head') head = line.head;
    else if (line.kind === 'changed')
      changed.set(line.before.source, { before: pack(line.before), after: pack(line.after) });
    else (line.kind === 'added' ? added : removed).set(line.group.source, pack(line.group));
  }
  packer.finish();
  if (head === undefined)
    throw new MusterError('malformed', 'the journal entry does not begin as one of schema 1');
  return { ...head, change: { added, removed, changed } };
}

function readHead(line: string): JournalLine {
  const json = parseJson(`${line.replace(/,$/, '')}}`);
  refuseNewer(json, 'the journal entry');
  const parsed = head.safeParse(json);
  if (!parsed.success)
    throw new MusterError('malformed', 'the journal entry does not begin as one of schema 1');
  const { schema: _, ...rest } = parsed.data;
  return { kind: 'head', head: rest };
}

function readGroup(section: string | undefined, line: string): JournalLine {
  const json = parseJson(line);
  if (section === 'changed') {
    const { data } = pair.safeParse(json);
    if (data !== undefined) return { kind: 'changed', ...data };
  } else if (section === 'added' || section === 'removed') {
    const { data } = targetGroup.safeParse(json);
    if (data !== undefined) return { kind: section, group: data };
  }
  throw new MusterError('malformed', 'a line of the journal entry is not a target group');
}
