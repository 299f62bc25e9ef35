import { gzipSync } from 'node:zlib';

/** Text that is kept compressed: complete gzip members, which one after another are a gzip again (RFC 1952, 2.2). */
export interface Blocks {
  readonly put: (text: string) => void;
  /** A place to which `backTo` returns. */
  readonly mark: () => number;
  /** Forgets what was put since. */
  readonly backTo: (mark: number) => void;
  /** All of it behind a header. */
  readonly take: (header: string) => readonly Uint8Array[];
}

/**
 * Characters after which a block is compressed: enough that the window of 32 KiB is well used, and little enough that
 * sixty families at once are no burden.
 */
const blockLength = 1 << 17;

/**
 * A buffer of text for each of many families at once: an object has samples of all families of its resource, and the
 * samples of a family have to stand together.
 */
export function createBlocks(): Blocks {
  let members: Uint8Array[] = [];
  let text = '';
  const compress = () => {
    if (text !== '') members.push(gzipText(text));
    text = '';
  };
  return {
    put(more) {
      text += more;
      if (text.length >= blockLength) compress();
    },
    mark() {
      compress();
      return members.length;
    },
    backTo(mark) {
      text = '';
      members = members.slice(0, mark);
    },
    take(header) {
      // A family that fits one block is one member: small members compress badly.
      if (members.length === 0) return [gzipText(header + text)];
      compress();
      return [gzipText(header), ...members];
    },
  };
}

/** A gzip of the text. Level 3 costs half the time of the usual 6, and a tenth more bytes. */
export function gzipText(text: string): Uint8Array {
  return gzipSync(Buffer.from(text), { level: 3 });
}
