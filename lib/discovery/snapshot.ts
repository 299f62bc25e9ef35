import * as z from 'zod';
import { MusterError } from '../errors.ts';
import { type EncodedGroup, encodeGroup, type Groups } from '../target/canonical.ts';
import type { Cursor } from '../target/discover.ts';
import { createPacker } from '../target/pack.ts';
import { parseJson, refuseNewer } from './document.ts';
import { targetGroup } from './group-schema.ts';
import { packLines, unpackLines } from './gzip-lines.ts';
import type { Step } from './peak.ts';

/** The full list of a provider at a version: the checkpoint of its journal. */
export interface Snapshot {
  readonly version: number;
  readonly groups: Groups;
  readonly cursor?: Cursor | undefined;
  /** Digest of what the provider lists. */
  readonly identity?: string | undefined;
  /** Names of the backend that it was listed from. */
  readonly backend?: readonly string[] | undefined;
  /** How many targets were listed before, lately. */
  readonly steps?: readonly Step[] | undefined;
}

const header = z.object({
  schema: z.literal(1),
  version: z.int().min(1),
  cursor: z.string().optional(),
  identity: z.string().optional(),
  backend: z.array(z.string()).optional(),
  steps: z.array(z.object({ until: z.number(), targets: z.int() })).optional(),
  groups: z.array(z.never()),
});

/** The snapshot as an object of the bucket: JSON with one group a line, so that it is read line by line. */
export function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return packLines(snapshotText(snapshot));
}

/** The snapshot behind an object. Throws kind `malformed`. */
export async function decodeSnapshot(body: Uint8Array): Promise<Snapshot> {
  const lines = unpackLines(body);
  const first = await lines.next();
  const { schema: _, groups: __, ...head } = parseHeader(first.done === true ? '' : first.value);
  const groups = new Map<string, EncodedGroup>();
  const packer = createPacker();
  for await (const line of lines) {
    if (line === ']}') {
      packer.finish();
      return { ...head, groups };
    }
    const group = targetGroup.safeParse(parseJson(line.endsWith(',') ? line.slice(0, -1) : line));
    if (!group.success)
      throw new MusterError('malformed', `group ${groups.size} of the snapshot is not a target group`);
    groups.set(group.data.source, packer.pack(encodeGroup(group.data)));
  }
  throw new MusterError('malformed', 'the snapshot is cut off');
}

/** The version of a snapshot, without its groups. Throws kind `malformed`. */
export async function decodeSnapshotVersion(body: Uint8Array): Promise<number> {
  for await (const line of unpackLines(body)) return parseHeader(line).version;
  throw new MusterError('malformed', 'the snapshot is empty');
}

function* snapshotText({ groups, ...head }: Snapshot): Generator<string, undefined> {
  yield JSON.stringify({ schema: 1, ...head, groups: [] }).slice(0, -2);
  let separator = '\n';
  for (const group of groups.values()) {
    yield separator;
    yield group.json;
    separator = ',\n';
  }
  yield '\n]}\n';
  return undefined;
}

function parseHeader(line: string): z.infer<typeof header> {
  const json = parseJson(`${line}]}`);
  refuseNewer(json, 'the snapshot');
  const parsed = header.safeParse(json);
  if (!parsed.success) throw new MusterError('malformed', 'the snapshot does not begin as one of schema 1');
  return parsed.data;
}
