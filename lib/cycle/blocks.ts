import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { mapConcurrent } from '../base/concurrency.ts';
import { isMusterError, MusterError } from '../base/errors.ts';
import { pack } from '../base/gzip-lines.ts';
import { parseJson } from '../base/json.ts';
import type { ObjectStore } from '../store/store.ts';
import type { EncodedGroup, Groups } from '../targets/canonical.ts';
import { type ProviderId, parsePartName, partKey } from '../targets/keys.ts';
import { inOnePiece, keepLast, textsOf } from '../targets/pack.ts';

/** How a list is cut into blocks. Tests take low numbers. */
export interface BlockLimits {
  /** Characters of the canonical text up to which a list stays in one object. */
  readonly inline: number;
  /** One source in so many ends its block. */
  readonly groups: number;
  /** Characters that a block has at least, so that hostile sources do not make a block each. */
  readonly least: number;
  /** Characters at which a block ends, for any sources. */
  readonly most: number;
}

/** With these a block of pods is about a megabyte of text and 35 kB packed. */
export const usualLimits: BlockLimits = { inline: 2 << 20, groups: 256, least: 64 << 10, most: 4 << 20 };

/**
 * An immutable object that holds some groups of a list: gzip of their canonical texts, one a line, in the order of
 * their sources. The snapshot names the blocks of its list.
 */
export interface Block {
  /** `<version in which it was first written>-<SHA-256 of its bytes as they are stored>`. */
  readonly name: string;
  /** Bytes as they are stored, and when unpacked. */
  readonly size: number;
  readonly unpacked: number;
  /** Targets and groups in it. */
  readonly targets: number;
  readonly groups: number;
}

/** A block, and its bytes where they were fetched. */
interface HeldBlock extends Block {
  bytes: Uint8Array | undefined;
}

/** Code of the error for a block that is gone or damaged. */
const lost = 'block-lost';
/** Code of the error for a text whose block was not fetched. */
const unread = 'block-unread';

/**
 * A group of a block: what a cycle knows of it without its text. A class, as there are hundreds of thousands of them.
 */
class BlockGroup implements EncodedGroup {
  readonly digest: string;
  readonly targets: number;
  readonly length: number;
  readonly block: HeldBlock;
  /** Number of its line in the text of the block. */
  readonly line: number;

  constructor(
    { digest, targets, length }: Pick<EncodedGroup, 'digest' | 'targets' | 'length'>,
    block: HeldBlock,
    line: number,
  ) {
    this.digest = digest;
    this.targets = targets;
    this.length = length;
    this.block = block;
    this.line = line;
  }

  get pack(): object {
    return this.block;
  }

  /** Throws kind `storage` where the block was not fetched. */
  get json(): string {
    return this.utf8.toString('utf8');
  }

  /** Throws as `json` does. */
  get utf8(): Buffer {
    const { bytes, starts } = linesIn(this.block);
    return bytes.subarray(starts[this.line], (starts[this.line + 1] ?? 0) - 1);
  }
}

/** The text of a block. */
interface BlockText {
  readonly bytes: Buffer;
  /** Where each line begins, and the end of the text. */
  readonly starts: readonly number[];
}

const keepText = keepLast<BlockText>();

function linesIn(block: HeldBlock): BlockText {
  const { bytes: packed, name, unpacked, groups } = block;
  if (packed === undefined)
    throw new MusterError('storage', `block ${name} was not fetched before it was read`, { code: unread });
  return keepText(block, () => {
    const limits = { ...inOnePiece(unpacked), maxOutputLength: Math.max(1, unpacked) };
    const bytes = gunzipSync(packed, limits);
    const starts = [0];
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) starts.push(at + 1);
    if (starts.length === groups + 1) return { bytes, starts };
    throw new MusterError('storage', `block ${name} has not the groups that the snapshot names`, {
      code: lost,
    });
  });
}

/** Where the blocks of a provider are read. */
interface BlockSource {
  readonly store: Pick<ObjectStore, 'get'>;
  readonly id: ProviderId;
  readonly signal?: AbortSignal | undefined;
}

/** Where they are read, written and removed. */
export interface BlockStore extends BlockSource {
  readonly store: ObjectStore;
}

/** Blocks that are fetched or written at a time. */
const parallel = 8;

/** Blocks of the largest size whose texts are unpacked together, where the listing came in another order. */
const ahead = 16;

/**
 * Fetches the blocks of these groups, so that their texts can be read. Blocks stay packed in memory. Throws kind
 * `storage` where a block is gone or damaged (`isLostBlock`), and what the store throws.
 */
export async function fetchTexts(groups: Iterable<EncodedGroup>, from: BlockSource): Promise<void> {
  const blocks = new Set<HeldBlock>();
  for (const group of groups)
    if (group instanceof BlockGroup && group.block.bytes === undefined) blocks.add(group.block);
  await mapConcurrent([...blocks], parallel, signalOf(from), async (block, signal) => {
    block.bytes = await fetchBlock(block, { ...from, signal });
  });
}

async function fetchBlock({ name }: Block, { store, id, signal }: BlockSource): Promise<Uint8Array> {
  const key = partKey(id, name);
  const found = await store.get(key, { signal });
  const digest = found && createHash('sha256').update(found.body).digest('hex');
  if (found !== undefined && digest === parsePartName(name)?.digest) return found.body;
  const what = found === undefined ? 'is gone' : 'is damaged';
  throw new MusterError('storage', `${key} ${what}, and the snapshot names it`, { code: lost });
}

function signalOf({ signal }: BlockSource): AbortSignal {
  return signal ?? new AbortController().signal;
}

/** Whether the error says that a block is gone or damaged. */
export function isLostBlock(error: unknown): boolean {
  return isMusterError(error, 'storage') && error.code === lost;
}

/**
 * The result of `work`, which reads texts of these lists. Where a block that it needs was not fetched, all are, and it
 * runs again: it must have no effects. Throws as `fetchTexts` does, and what the work throws.
 */
export async function readingTexts<T>(
  lists: readonly Groups[],
  from: BlockSource,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMusterError(error, 'storage') || error.code !== unread) throw error;
    for (const list of lists) await fetchTexts(list.values(), from);
    return work();
  }
}

/** The groups whose blocks cannot be read. Throws what else the store throws. */
export async function findLostGroups(groups: Groups, from: BlockSource): Promise<Groups> {
  const gone = new Set<Block>();
  const blocks = new Set<HeldBlock>();
  for (const group of groups.values()) if (group instanceof BlockGroup) blocks.add(group.block);
  await mapConcurrent([...blocks], parallel, signalOf(from), async (block, signal) => {
    try {
      await fetchBlock(block, { ...from, signal });
    } catch (error) {
      if (!isLostBlock(error)) throw error;
      gone.add(block);
    }
  });
  return new Map([...groups].filter(([, group]) => group instanceof BlockGroup && gone.has(group.block)));
}

/** How many characters of text a list has. */
export function textLength(groups: Groups): number {
  let length = 0;
  for (const group of groups.values()) length += group.length;
  return length;
}

/** A list whose texts are in blocks. */
export interface BlockList {
  readonly blocks: readonly Block[];
  readonly groups: Groups;
}

/** One that was written. */
export interface WrittenList extends BlockList {
  /** Names of the blocks that were not there before. */
  readonly made: ReadonlySet<string>;
}

interface WriteInput extends BlockStore {
  readonly version: number;
  readonly limits: BlockLimits;
  /** The blocks of the snapshot that is there: they are used again as they are. Others may have been cleared away. */
  readonly known: readonly Block[];
}

/**
 * Writes the blocks of a list (in the order of its sources) that are not there yet. Where a block ends, the sources
 * decide, not the history: one change touches one block, and equal lists have equal blocks. A block's name holds its
 * digest and its version, so that a name which has left the list never comes back. Throws as `fetchTexts` does.
 */
export async function writeBlocks(groups: Groups, input: WriteInput): Promise<WrittenList> {
  const runs = cutBlocks(groups, input.limits);
  const known = new Set(input.known.map(({ name }) => name));
  const kept = new Map<Run, HeldBlock>();
  for (const run of runs) {
    const block = blockOf(run);
    if (block !== undefined && known.has(block.name)) kept.set(run, block);
  }
  const touched = runs.filter((run) => !kept.has(run));
  const written = new Map<Run, HeldBlock>();
  const made = new Set<string>();
  const sorted = touched.flatMap((run) => run.map(([, group]) => group));
  await fetchTexts(sorted, input);
  const texts = textsOf(sorted, ahead * input.limits.most);
  const spaces: Buffer<ArrayBuffer>[] = [];
  await mapConcurrent(touched, parallel, signalOf(input), async (run, signal) => {
    // Runs are begun in their order, and so are the texts taken.
    const lines = linesOf(
      run.map(() => texts.next().value ?? new Uint8Array()),
      spaces.pop(),
    );
    const { block, isNew } = await writeBlock(run, lines, { ...input, signal });
    // The memory of a block serves for later ones: that of hundreds would wait to be collected.
    spaces.push(Buffer.from(lines.buffer));
    written.set(run, block);
    if (isNew) made.add(block.name);
  });
  const blocks: Block[] = [];
  const next = new Map<string, EncodedGroup>();
  for (const run of runs) {
    const block = written.get(run) ?? kept.get(run);
    if (block === undefined) continue;
    blocks.push(block);
    for (const [line, [source, group]] of run.entries()) {
      const isKept = group instanceof BlockGroup && group.block === block;
      next.set(source, isKept ? group : new BlockGroup(group, block, line));
    }
  }
  return { blocks, groups: next, made };
}

type Run = readonly (readonly [source: string, group: EncodedGroup])[];

function cutBlocks(groups: Groups, { groups: average, least, most }: BlockLimits): readonly Run[] {
  const runs: Run[] = [];
  let run: (readonly [string, EncodedGroup])[] = [];
  let length = 0;
  for (const entry of groups) {
    const [source, group] = entry;
    run.push(entry);
    length += group.length + 1;
    if (length < most && (length < least || hashOf(source) % average !== 0)) continue;
    runs.push(run);
    run = [];
    length = 0;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** FNV-1a with a last mix, so that sources which differ in one digit fall apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** The block that holds just these groups already. */
function blockOf(run: Run): HeldBlock | undefined {
  const first = run[0]?.[1];
  if (!(first instanceof BlockGroup) || first.block.groups !== run.length) return undefined;
  const { block } = first;
  return run.every(([, group]) => group instanceof BlockGroup && group.block === block) ? block : undefined;
}

async function writeBlock(
  run: Run,
  text: Buffer,
  { store, id, version, signal }: WriteInput,
): Promise<{ readonly block: HeldBlock; readonly isNew: boolean }> {
  const body = await pack(text);
  const digest = createHash('sha256').update(body).digest('hex');
  const name = `${String(version).padStart(12, '0')}-${digest}`;
  const targets = run.reduce((sum, [, group]) => sum + group.targets, 0);
  const facts = { name, size: body.length, unpacked: text.length, targets, groups: run.length };
  const block = { ...facts, bytes: undefined };
  try {
    const options = { condition: 'create', contentType: 'application/gzip', signal } as const;
    await store.put(partKey(id, name), body, options);
    return { block, isNew: true };
  } catch (error) {
    // Another run at this version wrote the very same bytes.
    if (!isMusterError(error, 'conflict')) throw error;
    return { block, isNew: false };
  }
}

/** The texts as lines, in the space where it is large enough. */
function linesOf(texts: readonly Uint8Array[], space: Buffer<ArrayBuffer> | undefined): Buffer<ArrayBuffer> {
  const length = texts.reduce((sum, text) => sum + text.length + 1, 0);
  const isLargeEnough = space !== undefined && space.length >= length;
  const bytes = isLargeEnough ? space : Buffer.allocUnsafeSlow(length + (length >>> 1));
  let at = 0;
  for (const text of texts) {
    bytes.set(text, at);
    at += text.length;
    bytes[at++] = newline;
  }
  return bytes.subarray(0, at);
}

const newline = 0x0a;

/** The lines of a snapshot that name the blocks and their groups: one a block. */
export function* blockLines({ blocks, groups }: BlockList): Generator<string, undefined> {
  const entries = groups.entries();
  for (const { name, size, unpacked, groups: count } of blocks) {
    const own: (readonly [string, string, number, number])[] = [];
    for (const [source, { digest, targets, length }] of entries.take(count))
      own.push([source, digest, targets, length]);
    yield JSON.stringify({ name, size, unpacked, groups: own });
  }
  return undefined;
}

/** Reads a line that `blockLines` made, and adds its groups. Throws kind `malformed`. */
export function readBlockLine(line: string, groups: Map<string, EncodedGroup>): Block {
  const json = parseJson(line, 'a block of the snapshot');
  if (!isBlockLine(json)) throw new MusterError('malformed', 'a block of the snapshot is not described');
  const { name, size, unpacked } = json;
  const targets = json.groups.reduce((sum, [, , count]) => sum + count, 0);
  const block: HeldBlock = { name, size, unpacked, targets, groups: json.groups.length, bytes: undefined };
  for (const [line, [source, digest, targets, length]] of json.groups.entries())
    groups.set(source, new BlockGroup({ digest, targets, length }, block, line));
  return block;
}

interface BlockLine extends Pick<Block, 'name' | 'size' | 'unpacked'> {
  readonly groups: readonly (readonly [source: string, digest: string, targets: number, length: number])[];
}

/** By hand: a schema for each of a million groups would take longer than the rest of the cycle. */
function isBlockLine(json: unknown): json is BlockLine {
  if (typeof json !== 'object' || json === null) return false;
  if (!('name' in json && 'size' in json && 'unpacked' in json && 'groups' in json)) return false;
  const { name, size, unpacked, groups } = json;
  const isNamed = typeof name === 'string' && parsePartName(name) !== undefined;
  return isNamed && isCount(size) && isCount(unpacked) && Array.isArray(groups) && groups.every(isGroupEntry);
}

function isGroupEntry(entry: unknown): boolean {
  if (!Array.isArray(entry) || entry.length !== 4) return false;
  const [source, digest, targets, length]: readonly unknown[] = entry;
  return typeof source === 'string' && typeof digest === 'string' && isCount(targets) && isCount(length);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && typeof value === 'number' && value >= 0;
}
