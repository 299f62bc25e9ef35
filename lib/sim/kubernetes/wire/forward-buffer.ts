import { isAscii, putAscii } from './ascii.ts';

/** Bytes written from the beginning to the end. */
export interface ForwardBuffer {
  /** Bytes written so far. */
  size(): number;
  /** UTF-8. */
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** A copy of what was written since the size was as given. */
  since(size: number): Uint8Array;
  /** All that was written, without a copy; the buffer is empty afterwards. */
  taken(): Uint8Array;
}

/** A buffer that grows as needed. */
export function forwardBuffer(initialBytes: number): ForwardBuffer {
  let buffer = Buffer.allocUnsafe(initialBytes);
  let end = 0;

  const reserve = (count: number) => {
    if (end + count > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, end + count));
      buffer.copy(grown, 0, 0, end);
      buffer = grown;
    }
    end += count;
    return end - count;
  };

  return {
    size: () => end,
    text(value) {
      if (isAscii(value)) {
        const at = reserve(value.length);
        putAscii(buffer, value, at);
        return;
      }
      const at = reserve(Buffer.byteLength(value));
      buffer.write(value, at);
    },
    bytes(value) {
      const at = reserve(value.length);
      buffer.set(value, at);
    },
    since: (size) => Uint8Array.prototype.slice.call(buffer, size, end),
    taken() {
      const all = buffer.subarray(0, end);
      buffer = Buffer.allocUnsafe(initialBytes);
      end = 0;
      return all;
    },
  };
}
