import { MusterError } from '../../base/errors.ts';
import { readVersionMark } from '../../targets/file-sd.ts';
import { type ScanEvent, scanFileSd } from '../../targets/file-sd-reader.ts';
import { hashOf } from '../../targets/relabel.ts';

/** Which part of all targets this Prometheus scrapes: those whose hash, modulo `count`, is `index`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Reads `0/3` to `2/3`, as `keep` after a `hashmod` counts. Throws (kind `config`) for anything else. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,5})\/(\d{1,5})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new MusterError(
    'config',
    `${JSON.stringify(text)} is not a shard; write 0/2 and 1/2 for the two of a pair`,
  );
}

/** The shard as the mirror's state remembers it. */
export function formatShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** Takes the targets of a shard out of a file_sd file, piece by piece. */
export interface ShardFilter {
  /** What there is to write so far; throws (kind `malformed`) where the file is none. */
  readonly push: (piece: Uint8Array) => Uint8Array;
  /** The rest, and how many targets were kept, and came. */
  readonly end: () => { readonly rest: Uint8Array; readonly targets: number; readonly total: number };
}

/**
 * Leaves the same targets that a `hashmod` of `__address__` and a `keep` of its value would leave, one group a line. A
 * group without any of them goes too, unless it is too long to be held or names the version.
 */
export function filterShard({ index, count }: Shard): ShardFilter {
  const modulus = BigInt(count);
  const wanted = BigInt(index);
  const scan = scanFileSd(onEvent);
  let piece: Uint8Array = new Uint8Array();
  let out: Uint8Array[] = [];
  let held: Uint8Array[] = [];
  let heldLength = 0;
  /** Whether the group goes out as it comes, since it is too late to drop it. */
  let released = false;
  /** Where in the piece begins what is copied, or the address at hand. */
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
      // Of a key that comes twice the last value counts.
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
      // What goes on in the next piece goes on at its beginning.
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

/** Bytes of a group that is held until it is known whether anything of it is kept. */
const longestHeld = 1 << 20;
const longestAddress = 1 << 16;
