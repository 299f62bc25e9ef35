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
  /** The JSON of the groups, or this deflated: to a tenth of the memory or less, as groups are much alike. */
  texts: string | Uint8Array;
}

/**
 * Keeps a listing of any length in little memory: beyond the first 16 million characters the JSON of groups is kept
 * deflated, in blocks, and unpacked when it is read.
 */
export function createPacker(): Packer {
  let plain = 0;
  let block: Block = { texts: '' };
  const parts: string[] = [];
  let length = 0;

  const finish = () => {
    if (length === 0) return;
    block.texts = deflateRawSync(parts.join(''), { level: 1 });
    block = { texts: '' };
    parts.length = 0;
    length = 0;
  };

  return {
    pack(group) {
      const { json, digest, targets } = group;
      plain += json.length;
      if (plain <= plainLength) return group;
      const own = block;
      const start = length;
      const end = start + json.length;
      parts.push(json);
      length = end;
      const packed = packedGroup({ digest, targets }, own, parts, [start, end]);
      if (length >= blockLength) finish();
      return packed;
    },
    finish,
  };
}

/** A block that is not packed yet still has its parts. */
function packedGroup(
  { digest, targets }: Pick<EncodedGroup, 'digest' | 'targets'>,
  block: Block,
  parts: readonly string[],
  [start, end]: readonly [number, number],
): EncodedGroup {
  return {
    digest,
    targets,
    length: end - start,
    get json() {
      const texts = typeof block.texts === 'string' ? parts.join('') : unpacked(block, block.texts);
      return texts.slice(start, end);
    },
  };
}

function unpacked(block: Block, bytes: Uint8Array): string {
  return keepUnpacked(block, () => inflateRawSync(bytes).toString('utf8'));
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
