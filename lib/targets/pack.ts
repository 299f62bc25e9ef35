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

interface Block {
  /** The JSON of the groups, while it waits for more. */
  parts: string[];
  /** The same deflated: to a tenth of the memory or less, as groups are much alike. */
  packed: Uint8Array | undefined;
  /** How many bytes that was. */
  bytes: number;
}

/**
 * Keeps a listing of any length in little memory: beyond the first 16 million characters the JSON of groups is kept
 * deflated, in blocks, and unpacked when it is read.
 */
export function createPacker(): Packer {
  let plain = 0;
  let block: Block = { parts: [], packed: undefined, bytes: 0 };
  let length = 0;

  const finish = () => {
    if (length === 0) return;
    const texts = Buffer.from(block.parts.join(''));
    block.bytes = texts.length;
    // A copy: what zlib returns is the start of 16 KiB.
    block.packed = Uint8Array.from(deflateRawSync(texts, { level: 1 }));
    block.parts = [];
    block = { parts: [], packed: undefined, bytes: 0 };
    length = 0;
  };

  return {
    pack(group) {
      const { json } = group;
      plain += json.length;
      if (plain <= plainLength) return group;
      const packed = new PackedGroup(group, block, length);
      block.parts.push(json);
      length += json.length;
      if (length >= blockLength) finish();
      return packed;
    },
    finish,
  };
}

/** A group whose text is in a block. A class, as there are hundreds of thousands of them. */
class PackedGroup implements EncodedGroup {
  readonly digest: string;
  readonly targets: number;
  readonly length: number;
  readonly pack: Block;
  /** Where its text begins in that of the block. */
  readonly start: number;

  constructor({ digest, targets, length }: EncodedGroup, block: Block, start: number) {
    this.digest = digest;
    this.targets = targets;
    this.length = length;
    this.pack = block;
    this.start = start;
  }

  get json(): string {
    const { parts, packed, bytes } = this.pack;
    const texts =
      packed === undefined
        ? parts.join('')
        : keepUnpacked(this.pack, () => inflateRawSync(packed, inOnePiece(bytes)).toString('utf8'));
    return texts.slice(this.start, this.start + this.length);
  }
}

/** For zlib: the bytes come as one piece. It would make pieces of 16 KiB, and join them to another one. */
export function inOnePiece(bytes: number): { readonly chunkSize: number } {
  return { chunkSize: Math.max(64, bytes + 1) };
}

const kept = new Map<object, string>();

/** The text of a block, which is kept for the next groups of it; `unpack` makes it. */
export function keepUnpacked(block: object, unpack: () => string): string {
  const known = kept.get(block);
  if (known !== undefined) return known;
  const texts = unpack();
  const [oldest] = kept.keys();
  if (kept.size >= keptBlocks && oldest !== undefined) kept.delete(oldest);
  kept.set(block, texts);
  return texts;
}

/** Characters of text that are unpacked ahead where packs lie in another order than their groups. */
const usualAhead = 64 << 20;

/**
 * The texts of groups, in the order of the groups. Where that is not the order of their packs, the texts of a run of
 * groups are unpacked together, each pack once a run: one by one, a list of a million small groups would unpack a million
 * times. Throws what a text that cannot be read throws.
 */
export function* textsOf(groups: Iterable<EncodedGroup>, ahead = usualAhead): Generator<string, undefined> {
  for (const run of runsOf(groups, ahead)) {
    if (isInOrder(run)) for (const { json } of run) yield json;
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

/** As bytes they take no more than the texts themselves; a piece of an unpacked text would keep all of it. */
function* textsByPack(run: readonly EncodedGroup[]): Generator<string> {
  const places: { readonly bytes: Buffer; readonly start: number; readonly end: number }[] = [];
  for (const [pack, members] of Map.groupBy(run.entries(), ([, group]) => group.pack)) {
    if (pack === undefined) continue;
    const texts = members.map(([, { json }]) => json);
    const bytes = Buffer.from(texts.join(''));
    let start = 0;
    for (const [index, [place]] of members.entries()) {
      const end = start + Buffer.byteLength(texts[index] ?? '');
      places[place] = { bytes, start, end };
      start = end;
    }
  }
  for (const [index, group] of run.entries()) {
    const place = places[index];
    yield place === undefined ? group.json : place.bytes.toString('utf8', place.start, place.end);
  }
}
