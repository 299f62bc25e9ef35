import { createGunzip } from 'node:zlib';
import * as z from 'zod';
import { MusterError, toMusterError } from '../errors.ts';
import type { TargetGroup } from '../target/group.ts';
import { targetGroup } from './group-schema.ts';
import { parseJson } from './gzip-json.ts';
import { type JournalEntry, reasons } from './journal.ts';

/** The head of a journal entry: all but the change itself. */
export type JournalHead = Omit<JournalEntry, 'change'>;

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
  signal: AbortSignal,
): AsyncGenerator<JournalLine, undefined> {
  let section: string | undefined;
  for await (const line of unpackLines(body, signal)) {
    const opened = /^"(added|removed|changed)":\[(\]?)/.exec(line);
    if (opened !== null) section = opened[2] === '' ? opened[1] : undefined;
    else if (line.startsWith('{') && section === undefined) yield readHead(line);
    else if (line.startsWith('{')) yield readGroup(section, line.replace(/,$/, ''));
    else section = undefined;
  }
  return undefined;
}

/** Bytes of one unpacked entry, and of one of its lines. */
const longestEntry = 2 ** 30;
const longestLine = 64 << 20;

async function* unpackLines(body: Uint8Array, signal: AbortSignal): AsyncGenerator<string, undefined> {
  const text = createGunzip();
  text.setEncoding('utf8');
  text.end(body);
  // Pieces of a line which goes on: joined once, as a line may be as long as the whole entry.
  let begun: string[] = [];
  let lineLength = 0;
  let length = 0;
  try {
    for await (const chunk of text) {
      if (signal.aborted) throw new MusterError('timeout', 'reading a journal entry was ended');
      const [first = '', ...others] = String(chunk).split('\n');
      const last = others.pop();
      length += String(chunk).length;
      begun.push(first);
      lineLength += first.length;
      if (length > longestEntry || lineLength > longestLine)
        throw new MusterError('too-large', 'the journal entry is too large to be shown');
      if (last === undefined) continue;
      yield begun.join('');
      yield* others;
      begun = [last];
      lineLength = last.length;
    }
    if (lineLength > 0) yield begun.join('');
    return undefined;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw new MusterError('malformed', `the journal entry is not gzip: ${toMusterError(error).message}`, {
      cause: error,
    });
  } finally {
    text.destroy();
  }
}

function readHead(line: string): JournalLine {
  const parsed = head.safeParse(parseJson(`${line.replace(/,$/, '')}}`));
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
