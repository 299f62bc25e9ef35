import { constants, crc32, createDeflateRaw, gzipSync } from 'node:zlib';
import { MusterError } from '../../base/errors.ts';
import { gzipHeader } from '../gzip-time.ts';
import type { Member, Spill } from './spill.ts';
import type { TextBytes } from './text-bytes.ts';

/** Compresses texts to gzip members in a thread of the runtime, while more is written. */
export interface Press {
  /** Takes a text, and leaves an empty one. Where its member is in the spill is known when `finish` has ended. */
  readonly take: (text: TextBytes) => Member;
  /** Takes the memory of a text that nobody writes any more. */
  readonly keep: (text: TextBytes) => void;
  /** Undefined while little waits; else to be awaited before more is taken. Throws as `finish`. */
  readonly pause: () => Promise<void> | undefined;
  /** Ends when all is compressed. Throws kind `storage` when the spill cannot be written. */
  readonly finish: () => Promise<void>;
  /** Gives up what is not compressed yet. */
  readonly close: () => void;
}

/** Texts that may wait: a page of a list makes two dozen. */
const mostWaiting = 32;

/** Opens a press that writes to the spill. */
export function openPress(spill: Spill): Press {
  const gzip = openGzip();
  const free: Buffer[] = [];
  let ended = Promise.resolve();
  let waiting = 0;
  let closed = false;
  return {
    take(text) {
      const { bytes, length } = text;
      const member = { at: 0, length: 0 };
      waiting++;
      ended = ended.then(async () => {
        const packed = await gzip.compress(bytes.subarray(0, length));
        // The spill may be closed, too.
        if (closed) return;
        Object.assign(member, spill.append(packed));
        free.push(bytes);
        waiting--;
      });
      // The one who awaits the press learns of it.
      ended.catch(() => undefined);
      text.bytes = free.pop() ?? Buffer.alloc(0);
      text.length = 0;
      return member;
    },
    keep({ bytes }) {
      if (bytes.length > 0) free.push(bytes);
    },
    pause: () => (waiting < mostWaiting ? undefined : ended),
    finish: () => ended,
    close() {
      closed = true;
      gzip.close();
    },
  };
}

/** What compresses one text after another. */
interface Gzip {
  /** Returns the pieces of a gzip member. Not to be called before the last call has ended. Throws once it is closed. */
  readonly compress: (text: Uint8Array) => Promise<readonly Uint8Array[]>;
  readonly close: () => void;
}

/**
 * One stream makes all members: what Node makes for a call of `gzipSync` stays in memory until the next full collection,
 * together with what it returned. A stream can begin again only where it writes no header, so that is written here.
 * Source: RFC 1952, 2.3.
 */
function openGzip(): Gzip {
  // Each write makes a whole stream.
  const deflate = createDeflateRaw({ ...settings, chunkSize: 1 << 16, flush: constants.Z_FINISH });
  let pieces: Uint8Array[] = [gzipHeader];
  const drain = () => {
    for (let piece = deflate.read(); piece !== null; piece = deflate.read()) pieces.push(piece);
  };
  deflate.on('readable', drain);
  return {
    compress: (text) =>
      new Promise((resolve, reject) => {
        deflate.write(text, (error) => {
          // A stream that was closed meanwhile may end a write as if all was well.
          if (error || deflate.destroyed)
            return reject(error ?? new MusterError('internal', 'the text is not wanted any more'));
          drain();
          resolve([...pieces, trailerOf(text)]);
          pieces = [gzipHeader];
          deflate.reset();
        });
      }),
    close: () => deflate.destroy(),
  };
}

/** The checksum and the length of the text. */
function trailerOf(text: Uint8Array): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(text));
  trailer.writeUInt32LE(text.length, 4);
  return trailer;
}

/**
 * Level 1: level 6 takes 20 % more CPU time for the whole output and saves 5 % of its bytes. Most of the bytes are UIDs,
 * which do not compress. A line is like the lines right before it: a window of 4 KiB takes less time than one of 32 KiB, and
 * saves 3 %.
 */
const settings = { level: 1, windowBits: 12 } as const;

/** Returns a short text as a gzip member. */
export function gzipText(text: string): Uint8Array {
  return gzipSync(text, settings);
}
