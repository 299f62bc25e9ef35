import * as z from 'zod';
import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import { packLines, unpackLines } from '../base/gzip-lines.ts';
import { parseJson } from '../base/json.ts';
import { ifUnchanged, retryConflict } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import { type EncodedGroup, encodeGroup, type Groups } from '../targets/canonical.ts';
import type { Cursor } from '../targets/discover.ts';
import { type ProviderId, partKey, snapshotKey } from '../targets/keys.ts';
import { createPacker } from '../targets/pack.ts';
import {
  type Block,
  type BlockLimits,
  type BlockStore,
  blockLines,
  fetchTexts,
  readBlockLine,
  textLength,
  usualLimits,
  writeBlocks,
} from './blocks.ts';
import { type Control, controlSchema, noControl, schemaOf } from './control.ts';
import { refuseNewer, targetGroup } from './document.ts';
import type { Step } from './memory.ts';
import { clockSkew } from './status.ts';

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
  /** What operators have decided. */
  readonly control?: Control | undefined;
  /** The blocks that hold the texts; undefined if the snapshot holds them itself. */
  readonly blocks?: readonly Block[] | undefined;
  /** Blocks of earlier versions, kept for readers that are on their way. */
  readonly replaced?: readonly Replaced[] | undefined;
}

/** A block that is no longer used, and since when (ISO 8601). */
interface Replaced {
  readonly name: string;
  readonly at: string;
}

/** The snapshot that the bucket has. */
export interface Checkpoint extends Pick<Snapshot, 'blocks' | 'replaced'> {
  readonly version: number;
  readonly etag: string;
}

/** Schema of a snapshot whose groups are in blocks. */
const knownSnapshotSchema = 3;

const header = z.object({
  schema: z.union([z.literal(1), z.literal(2), z.literal(knownSnapshotSchema)]),
  version: z.int().min(1),
  cursor: z.string().optional(),
  identity: z.string().optional(),
  backend: z.array(z.string()).optional(),
  steps: z.array(z.object({ until: z.number(), targets: z.int() })).optional(),
  control: controlSchema.optional(),
  replaced: z.array(z.object({ name: z.string(), at: z.iso.datetime() })).optional(),
  groups: z.array(z.never()).optional(),
  blocks: z.array(z.never()).optional(),
});

/**
 * The snapshot as an object of the bucket: JSON with one group a line or, where they are in blocks, with one block a
 * line. Texts that the snapshot holds itself must have been fetched.
 */
export function encodeSnapshot(snapshot: Snapshot): Promise<Uint8Array> {
  return packLines(snapshotText(snapshot));
}

/** The snapshot behind an object; the texts of its blocks are not read. Throws kind `malformed`. */
export async function decodeSnapshot(body: Uint8Array): Promise<Snapshot> {
  const lines = unpackLines(body);
  const first = await lines.next();
  const { head, form } = parseHeader(first.done === true ? '' : first.value);
  const groups = new Map<string, EncodedGroup>();
  const blocks: Block[] = [];
  const packer = createPacker();
  for await (const line of lines) {
    if (line === ']}') {
      packer.finish();
      return form === 'blocks' ? { ...head, groups, blocks } : { ...head, groups };
    }
    const text = line.endsWith(',') ? line.slice(0, -1) : line;
    if (form === 'blocks') blocks.push(readBlockLine(text, groups));
    else {
      const group = targetGroup.safeParse(parseJson(text));
      if (!group.success)
        throw new MusterError('malformed', `group ${groups.size} of the snapshot is not a target group`);
      groups.set(group.data.source, packer.pack(encodeGroup(group.data)));
    }
  }
  throw new MusterError('malformed', 'the snapshot is cut off');
}

/** The version of a snapshot, without its groups. Throws kind `malformed`. */
export async function decodeSnapshotVersion(body: Uint8Array): Promise<number> {
  for await (const line of unpackLines(body)) return parseHeader(line).head.version;
  throw new MusterError('malformed', 'the snapshot is empty');
}

function* snapshotText({ groups, blocks, ...head }: Snapshot): Generator<string, undefined> {
  const schema = blocks === undefined ? schemaOf(head.control ?? noControl) : knownSnapshotSchema;
  const form = blocks === undefined ? 'groups' : 'blocks';
  yield JSON.stringify({ schema, ...head, [form]: [] }).slice(0, -2);
  let separator = '\n';
  for (const line of blocks === undefined ? groupLines(groups) : blockLines({ blocks, groups })) {
    yield separator;
    yield line;
    separator = ',\n';
  }
  yield '\n]}\n';
  return undefined;
}

function* groupLines(groups: Groups): Generator<string, undefined> {
  for (const group of groups.values()) yield group.json;
  return undefined;
}

function parseHeader(line: string): {
  readonly head: Omit<Snapshot, 'groups' | 'blocks'>;
  readonly form: 'groups' | 'blocks';
} {
  const json = parseJson(`${line}]}`);
  refuseNewer(json, 'the snapshot', knownSnapshotSchema);
  const { data } = header.safeParse(json);
  const form = data?.schema === knownSnapshotSchema ? 'blocks' : 'groups';
  if (data?.[form] === undefined || (form === 'groups' && data.blocks !== undefined))
    throw new MusterError('malformed', 'the snapshot does not begin as one of schema 1');
  const { schema: _, groups: __, blocks: ___, ...head } = data;
  return { head, form };
}

/** A list, and the snapshot of it that the bucket has. */
interface Unwritten
  extends Pick<Snapshot, 'version' | 'groups' | 'cursor' | 'identity' | 'backend' | 'steps'> {
  readonly control: Control;
  readonly checkpoint: Checkpoint | undefined;
}

/** How a snapshot is written. */
interface CheckpointInput {
  readonly store: ObjectStore;
  readonly now: () => Date;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: BlockLimits | undefined;
  /** The list is in blocks, however short it is. */
  readonly inParts?: boolean;
  /** Whether all that readers use is of the snapshot that is there: then what it had replaced may be cleared away. */
  readonly isWhole?: boolean | undefined;
}

/** A snapshot that is in place. */
interface Checkpointed {
  readonly checkpoint: Checkpoint;
  /** The list; groups of blocks without their texts. */
  readonly groups: Groups;
}

/** The layout of a list. */
type Layout = Pick<CheckpointInput, 'limits' | 'inParts'>;

/** Whether the texts of a list go into blocks. A list near the limit stays as it is. */
export function belongsInBlocks(
  { groups, checkpoint }: Pick<Unwritten, 'groups' | 'checkpoint'>,
  { limits: { inline } = usualLimits, inParts }: Layout,
): boolean {
  return inParts === true || textLength(groups) > (checkpoint?.blocks === undefined ? inline : inline / 2);
}

/** Whether a snapshot of the list has this layout. */
export function isLaidOut(
  list: Pick<Unwritten, 'groups' | 'checkpoint'>,
  snapshot: Pick<Snapshot, 'blocks'>,
  layout: Layout,
): boolean {
  return (snapshot.blocks !== undefined) === belongsInBlocks(list, layout);
}

/**
 * Writes the snapshot, unless the bucket already holds its version or a newer one; before it those blocks that are not
 * there yet. Returns what is in place, or undefined when a newer one is there, or one without the blocks that
 * were kept of the loaded one: then a later run publishes. Throws what
 * the store throws.
 */
export async function writeCheckpoint(
  id: ProviderId,
  { checkpoint, control, ...list }: Unwritten,
  input: CheckpointInput,
): Promise<Checkpointed | undefined> {
  const { version, groups, cursor, identity, backend, steps } = list;
  const { store, signal, now, limits = usualLimits } = input;
  const inBlocks = belongsInBlocks({ groups, checkpoint }, input);
  const isRight = (one: Pick<Snapshot, 'version' | 'blocks'>) =>
    one.version === version && isLaidOut({ groups, checkpoint }, one, input);
  if (checkpoint !== undefined && isRight(checkpoint)) return { checkpoint, groups };
  const from = { store, id, signal };
  if (!inBlocks) await fetchTexts(groups.values(), from);
  const { made, ...written } = inBlocks
    ? await writeBlocks(groups, { ...from, version, limits, known: checkpoint?.blocks ?? [] })
    : { groups, blocks: undefined, made: new Set<string>() };
  const { blocks = [] } = written;
  let over = checkpoint;
  let gone = input.isWhole === true ? overdue(checkpoint?.replaced ?? [], now) : [];
  const checkpointed = await retryConflict(async (attempt) => {
    if (attempt > 1) {
      const found = await store.get(snapshotKey(id), { signal });
      const stored = found && (await snapshotOf(found.body));
      if (stored !== undefined && stored.version > version) return undefined;
      // The next cycle finds this version in the journal, and writes what is missing.
      if (!namesKept(stored, blocks, made)) return undefined;
      gone = [];
      over = found && { version: 0, ...stored, etag: found.etag };
      if (over !== undefined && stored !== undefined && isRight(stored))
        return { checkpoint: over, groups: inBlocks ? stored.groups : groups };
    }
    const replaced = replacedBlocks(over, blocks, { now, gone, isWhole: input.isWhole });
    const body = await encodeSnapshot({
      ...{ version, cursor, identity, backend, steps, ...written },
      // The snapshot of a small list without decisions is as it always was.
      control: control === noControl ? undefined : control,
      replaced: replaced.length === 0 ? undefined : replaced,
    });
    const options = { condition: ifUnchanged(over?.etag), contentType: 'application/gzip', signal };
    const { etag } = await store.put(snapshotKey(id), body, options);
    return { checkpoint: { version, etag, blocks: written.blocks, replaced }, groups: written.groups };
  });
  const used = new Set(blocks.map(({ name }) => name));
  const unused = gone.filter((name) => !used.has(name));
  // Not before the snapshot ceased to name them: a run that takes one up again would find it gone.
  if (checkpointed !== undefined) await clearBlocks(unused, from);
  return checkpointed;
}

/**
 * Whether a snapshot that took the place of the loaded one names all blocks that this run has not made itself: others
 * may have been cleared away since, or will be.
 */
function namesKept(
  stored: Snapshot | undefined,
  blocks: readonly Block[],
  made: ReadonlySet<string>,
): boolean {
  const named = new Set(stored?.blocks?.map(({ name }) => name));
  return blocks.every(({ name }) => named.has(name) || made.has(name));
}

/** The snapshot, or undefined if it cannot be read. */
async function snapshotOf(body: Uint8Array): Promise<Snapshot | undefined> {
  try {
    return await decodeSnapshot(body);
  } catch (error) {
    if (isMusterError(error, 'malformed')) return undefined;
    throw error;
  }
}

/** Milliseconds that a replaced block stays for readers that have an older list. */
export const grace = 60 * 60_000;

/** Replaced blocks that a snapshot names at most; others are cleared away as orphans. */
const mostReplaced = 20_000;

interface ReplaceInput {
  readonly now: () => Date;
  /** Names of those that are cleared away. */
  readonly gone: readonly string[];
  readonly isWhole: boolean | undefined;
}

/** The replaced blocks that a new snapshot names: those of the one before it that stay, and what it no longer uses. */
function replacedBlocks(
  before: Pick<Snapshot, 'blocks' | 'replaced'> | undefined,
  blocks: readonly Block[],
  { now, gone, isWhole }: ReplaceInput,
): readonly Replaced[] {
  const { blocks: old = [], replaced = [] } = before ?? {};
  if (old.length === 0 && replaced.length === 0) return [];
  const used = new Set([...blocks.map(({ name }) => name), ...gone]);
  const time = now();
  const at = time.toISOString();
  const leaving = old.map(({ name }) => ({ name, at }));
  // Where a list was committed but not published, readers use an older one still: the time begins again.
  const earlier = replaced.map((one) =>
    isWhole !== true || Date.parse(one.at) > time.getTime() + clockSkew ? { ...one, at } : one,
  );
  return [...earlier, ...leaving].filter(({ name }) => !used.has(name)).slice(-mostReplaced);
}

/** Names of replaced blocks whose time is over. */
function overdue(replaced: readonly Replaced[], now: () => Date): readonly string[] {
  return replaced.filter(({ at }) => now().getTime() - Date.parse(at) >= grace).map(({ name }) => name);
}

/** Removes blocks. One that cannot be removed now goes with the orphans. */
async function clearBlocks(
  names: readonly string[],
  { store, id, signal = new AbortController().signal }: BlockStore,
): Promise<void> {
  await mapConcurrent(names, 8, signal, (name, signal) => store.delete(partKey(id, name), { signal })).catch(
    () => undefined,
  );
}
