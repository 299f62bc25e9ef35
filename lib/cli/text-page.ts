/** Bytes from which a page is full: a few times what a pipe takes at once. */
const pageBytes = 1 << 18;

/**
 * Text on its way out in pieces, collected as UTF-8 in the same memory again and again; a `GrowingBuffer`, which gives
 * its memory away, takes 7 % more CPU for a whole `muster targets`.
 */
export interface TextPage {
  /** Adds text; says whether the page is full and should be written. */
  add(text: string): boolean;
  /** Writes what was added and empties the page, whose memory `write` may use until it resolves. */
  flush(): Promise<void>;
}

/** An empty page; text that is larger than a page makes it grow. */
export function openTextPage(write: (bytes: Uint8Array) => Promise<void>): TextPage {
  let bytes = Buffer.allocUnsafeSlow(2 * pageBytes);
  let length = 0;
  return {
    add(text) {
      // A UTF-16 code unit takes three bytes at most; few take more than one.
      if (text.length * 3 > bytes.length - length) {
        const needed = length + Buffer.byteLength(text);
        if (needed > bytes.length) bytes = Buffer.concat([bytes.subarray(0, length)], 2 * needed);
      }
      length += bytes.write(text, length);
      return length >= pageBytes;
    },
    async flush() {
      const page = bytes.subarray(0, length);
      length = 0;
      if (page.length > 0) await write(page);
    },
  };
}
