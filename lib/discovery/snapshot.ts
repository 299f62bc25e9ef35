import * as z from 'zod';
import { MusterError } from '../errors.ts';
import { type EncodedGroup, encodeGroup, type Groups } from '../target/canonical.ts';
import type { Cursor } from '../target/discover.ts';
import { GrowingBuffer } from '../target/growing-buffer.ts';
import { targetGroup } from './group-schema.ts';
import { packText, parseJson, unpack } from './gzip-json.ts';

/** The full list of a provider at a version: the checkpoint of its journal. */
export interface Snapshot {
  readonly version: number;
  readonly groups: Groups;
  readonly cursor?: Cursor;
}

const header = z.strictObject({
  schema: z.literal(1),
  version: z.int().min(1),
  cursor: z.string().optional(),
  groups: z.array(z.never()),
});

/** The snapshot as an object of the bucket: JSON with one group a line, so that it is read line by line. */
export function encodeSnapshot({ version, groups, cursor }: Snapshot): Uint8Array {
  const buffer = new GrowingBuffer();
  buffer.append(JSON.stringify({ schema: 1, version, cursor, groups: [] }).slice(0, -2));
  let separator = '\n';
  for (const group of groups.values()) {
    buffer.append(separator + group.json);
    separator = ',\n';
  }
  buffer.append('\n]}\n');
  return packText(buffer.bytes());
}

/** The snapshot behind an object. Throws kind `malformed`. */
export function decodeSnapshot(body: Uint8Array): Snapshot {
  const lines = readLines(unpack(body));
  const first = lines.next();
  const { version, cursor } = parseHeader(first.done === true ? '' : first.value);
  const groups = new Map<string, EncodedGroup>();
  for (const line of lines) {
    if (line === ']}') return { version, groups, ...(cursor === undefined ? {} : { cursor }) };
    const group = targetGroup.safeParse(parseJson(line.endsWith(',') ? line.slice(0, -1) : line));
    if (!group.success)
      throw new MusterError('malformed', `group ${groups.size} of the snapshot is not a target group`);
    groups.set(group.data.source, encodeGroup(group.data));
  }
  throw new MusterError('malformed', 'the snapshot is cut off');
}

function parseHeader(line: string): z.infer<typeof header> {
  const parsed = header.safeParse(parseJson(`${line}]}`));
  if (!parsed.success) throw new MusterError('malformed', 'the snapshot does not begin as one of schema 1');
  return parsed.data;
}

function* readLines(text: Buffer): Generator<string, undefined> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf(0x0a, start);
    const end = newline === -1 ? text.length : newline;
    yield text.toString('utf8', start, end);
    start = end + 1;
  }
  return undefined;
}
