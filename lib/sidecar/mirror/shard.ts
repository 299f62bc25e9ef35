import { MusterError } from '../../base/errors.ts';
import { readVersionMark } from '../../targets/file-sd.ts';
import { type ScanEvent, scanFileSd } from '../../targets/file-sd-reader.ts';
import { hashOf } from '../../targets/relabel.ts';

/** The part of all targets that this Prometheus scrapes: those whose hash modulo `count` is `index`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Parses a shard such as `0/3`; the index counts from 0. Throws `config`. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new MusterError(
    'config',
    `${JSON.stringify(text)} is not a shard: write 0/2 and 1/2 for the two of a pair`,
  );
}

/** The shard as `index/count`. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** Filters the targets of a shard out of a file_sd file, piece by piece. */
export interface ShardFilter {
  /** Takes a piece and returns the bytes to write so far. Throws `malformed` where it is not file_sd JSON. */
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** Returns the rest, the number of targets that were kept, and that of all targets. Throws `malformed`. */
  readonly end: () => { readonly rest: Uint8Array; readonly targets: number; readonly total: number };
}

/**
 * Keeps the targets that the relabelling actions `hashmod` of `__address__` and `keep` would keep, one group a line. A
 * group that loses all its targets goes too, unless it is too long to hold in memory or names the version.
 */
export function filterShard({ index, count }: Shard): ShardFilter {
  const modulus = BigInt(count);
  const wanted = BigInt(index);
  const scan = scanFileSd(onEvent);
  let piece: Uint8Array = new Uint8Array();
  let out: Uint8Array[] = [];
  let held: Uint8Array[] = [];
  let heldLength = 0;
  /** Whether the group is written while it arrives, since it can no longer be dropped. */
  let released = false;
  /** Offset in the piece where the copied range begins, or the current address. */
  let copiedFrom: number | undefined;
  let addressFrom: number | undefined;
  let address: Uint8Array[] = [];
  let inList = 0;
  let inGroup = 0;
  let targets = 0;
  let separator = '[\n';
  let first = true;

  function put(bytes: Uint8Array): void {
    held.push(bytes);
    heldLength += bytes.length;
    if (heldLength > longestHeld) release();
    if (released) flush();
  }

  function flush(): void {
    out.push(...held);
    held = [];
    heldLength = 0;
  }

  function release(): void {
    if (released) return;
    released = true;
    out.push(Buffer.from(separator));
    separator = ',\n';
  }

  function copyTo(end: number): void {
    if (copiedFrom !== undefined) put(piece.slice(copiedFrom, end));
    copiedFrom = undefined;
  }

  function readAddress(end: number): void {
    if (addressFrom === undefined) return;
    address.push(piece.slice(addressFrom, end));
    if (address.reduce((sum, { length }) => sum + length, 0) > longestAddress)
      throw new MusterError('malformed', `not file_sd JSON: a target has over ${longestAddress} bytes`);
  }

  function closeAddress(end: number): void {
    readAddress(end);
    const raw = Buffer.concat(address);
    address = [];
    addressFrom = undefined;
    if (hashOf(String(JSON.parse(`${raw}`))) % modulus !== wanted) return;
    if (inList > 0) put(Buffer.from(','));
    put(raw);
    inList += 1;
  }

  function closeGroup(end: number): void {
    copyTo(end);
    if (inGroup > 0 || (first && isMark(held))) release();
    first = false;
    if (released) flush();
    held = [];
    heldLength = 0;
    targets += inGroup;
  }

  function onEvent(event: ScanEvent, at: number): void {
    if (event === 'group opened') {
      copiedFrom = at;
      inGroup = 0;
      released = false;
    } else if (event === 'targets opened') {
      copyTo(at + 1);
      inList = 0;
    } else if (event === 'target opened') addressFrom = at;
    else if (event === 'target closed') closeAddress(at + 1);
    else if (event === 'targets closed') {
      copiedFrom = at;
      // When a key comes twice, the last value counts.
      inGroup = inList;
    } else closeGroup(at + 1);
  }

  function take(): Uint8Array {
    const taken = Buffer.concat(out);
    out = [];
    return taken;
  }

  return {
    push(next) {
      piece = next;
      scan.push(next);
      // A range that is still open continues at the beginning of the next piece.
      if (copiedFrom !== undefined) {
        copyTo(next.length);
        copiedFrom = 0;
      }
      if (addressFrom !== undefined) {
        readAddress(next.length);
        addressFrom = 0;
      }
      return take();
    },
    end() {
      const total = scan.end();
      return { rest: Buffer.from(separator === '[\n' ? '[]\n' : '\n]\n'), targets, total };
    },
  };
}

/** Whether the first group of a file is the one that names its version. */
function isMark(group: readonly Uint8Array[]): boolean {
  return readVersionMark(Buffer.concat([Buffer.from('[\n'), ...group])) !== undefined;
}

/** Largest group, in bytes, that is held until a target of it is kept or it ends. */
const longestHeld = 1 << 20;
/** Largest address in bytes. */
const longestAddress = 1 << 16;
