import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { EncodedGroup } from './canonical.ts';

/** Characters of text that are kept as they are: most listings have less, and are spared the work. */
const plainLength = 16 << 20;
/**
 * Characters that are packed together. Listings come nearly in the order in which they are read again. From 128 KiB on V8
 * gives each string memory of its own from the system, and to unpack takes three times the CPU.
 */
const blockLength = 64 << 10;
/** Unpacked blocks that are kept for the next group. */
const keptBlocks = 16;

/** Packs groups as they come. `finish` packs what is left; packed groups can be read before that, too. */
export interface Packer {
  readonly pack: (group: EncodedGroup) => EncodedGroup;
  readonly finish: () => void;
}

/** The JSON of some groups, one after another. */
interface Block {
  /** In UTF-8, while more may come. */
  plain: Buffer | undefined;
  /** Deflated: to a tenth of the memory or less, as groups are much alike. */
  packed: Uint8Array;
  /** Bytes of the text. */
  length: number;
}

/**
 * Keeps a listing of any length in little memory: beyond the first 16 million characters the JSON of groups is kept
 * deflated, in blocks, and unpacked when it is read.
 */
export function createPacker(): Packer {
  let plain = 0;
  let space = Buffer.alloc(0);
  let block: Block = openBlock();

  const finish = () => {
    if (block.length === 0) return;
    // A copy: what zlib returns is the start of 16 KiB.
    block.packed = Uint8Array.from(deflateRawSync(space.subarray(0, block.length), { level: 1 }));
    block.plain = undefined;
    block = openBlock();
  };

  return {
    pack(group) {
      const { json } = group;
      plain += json.length;
      if (plain <= plainLength) return group;
      const start = block.length;
      const end = start + Buffer.byteLength(json);
      if (end > space.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * blockLength));
        space.copy(larger, 0, 0, start);
        space = larger;
      }
      space.write(json, start);
      block.plain = space;
      block.length = end;
      const packed = new PackedGroup(group, block, [start, end]);
      if (end >= blockLength) finish();
      return packed;
    },
    finish,
  };
}

function openBlock(): Block {
  return { plain: undefined, packed: new Uint8Array(), length: 0 };
}

/** A group whose text is in a block. A class, as there are hundreds of thousands of them. */
class PackedGroup implements EncodedGroup {
  readonly digest: string;
  readonly targets: number;
  readonly length: number;
  readonly pack: Block;
  /** Where its text is in that of the block. */
  readonly start: number;
  readonly end: number;

  constructor(
    { digest, targets, length }: EncodedGroup,
    block: Block,
    [start, end]: readonly [number, number],
  ) {
    this.digest = digest;
    this.targets = targets;
    this.length = length;
    this.pack = block;
    this.start = start;
    this.end = end;
  }

  get json(): string {
    return this.utf8.toString('utf8');
  }

  get utf8(): Buffer {
    return plainOf(this.pack).subarray(this.start, this.end);
  }
}

function plainOf(block: Block): Buffer {
  return block.plain ?? keepBlock(block, () => inflateRawSync(block.packed, inOnePiece(block.length)));
}

/** For zlib: so many bytes come as one piece. It would make pieces of 16 KiB, and join them to another one. */
export function inOnePiece(bytes: number): { readonly chunkSize: number } {
  return { chunkSize: Math.min(Math.max(64, bytes + 1), largestPiece) };
}

/** The number may be one of a document, and is not believed. */
const largestPiece = 16 << 20;

/** Keeps what was made last of some blocks, for the next groups of them. */
export function keepLast<T>(): (block: object, make: () => T) => T {
  const kept = new Map<object, T>();
  return (block, make) => {
    const known = kept.get(block);
    if (known !== undefined) return known;
    const made = make();
    const [oldest] = kept.keys();
    if (kept.size >= keptBlocks && oldest !== undefined) kept.delete(oldest);
    kept.set(block, made);
    return made;
  };
}

const keepBlock = keepLast<Buffer>();

/** The text of a group in UTF-8. It is good until another group is packed. */
function utf8Of(group: EncodedGroup): Uint8Array {
  return group.utf8 ?? Buffer.from(group.json);
}

/** Characters of text that are unpacked ahead where packs lie in another order than their groups. */
const usualAhead = 64 << 20;

/**
 * The texts of groups in UTF-8, in the order of the groups. Where that is not the order of their packs, the texts of a run of
 * groups are unpacked together, each pack once a run: one by one, a list of a million small groups would unpack a million
 * times. Throws what a text that cannot be read throws.
 */
export function* textsOf(
  groups: Iterable<EncodedGroup>,
  ahead = usualAhead,
): Generator<Uint8Array, undefined> {
  for (const run of runsOf(groups, ahead)) {
    if (isInOrder(run)) for (const group of run) yield utf8Of(group);
    else yield* textsByPack(run);
  }
  return undefined;
}

function* runsOf(groups: Iterable<EncodedGroup>, ahead: number): Generator<readonly EncodedGroup[]> {
  let run: EncodedGroup[] = [];
  let length = 0;
  for (const group of groups) {
    run.push(group);
    length += group.length;
    if (length < ahead) continue;
    yield run;
    run = [];
    length = 0;
  }
  if (run.length > 0) yield run;
}

/** Whether few packs are unpacked twice with those that are kept. */
function isInOrder(run: readonly EncodedGroup[]): boolean {
  const packs = new Set<object>();
  const open = new Set<object>();
  let unpacked = 0;
  let last: object | undefined;
  for (const { pack } of run) {
    if (pack === undefined || pack === last) continue;
    last = pack;
    if (open.has(pack)) continue;
    unpacked += 1;
    packs.add(pack);
    const [oldest] = open;
    if (open.size >= keptBlocks && oldest !== undefined) open.delete(oldest);
    open.add(pack);
  }
  return unpacked <= 2 * packs.size;
}

/** Copies of the texts: each would keep all of its pack. */
function* textsByPack(run: readonly EncodedGroup[]): Generator<Uint8Array> {
  const places: Uint8Array[] = [];
  for (const [pack, members] of Map.groupBy(run.entries(), ([, group]) => group.pack)) {
    if (pack === undefined) continue;
    const texts = members.map(([, group]) => utf8Of(group));
    const bytes = Buffer.concat(texts);
    let start = 0;
    for (const [index, [place]] of members.entries()) {
      const end = start + (texts[index]?.length ?? 0);
      places[place] = bytes.subarray(start, end);
      start = end;
    }
  }
  for (const [index, group] of run.entries()) yield places[index] ?? utf8Of(group);
}
