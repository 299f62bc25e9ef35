import { isUtf8 } from 'node:buffer';

/** Whether bytes that come in pieces are UTF-8; a piece may end within a character. */
export function checkUtf8(): {
  /** Whether there is nothing wrong so far. */
  readonly push: (piece: Uint8Array) => boolean;
  /** Whether no character is left unfinished. */
  readonly end: () => boolean;
} {
  let rest: Uint8Array = new Uint8Array();
  return {
    push(piece) {
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const whole = bytes.length - unfinished(bytes);
      rest = bytes.slice(whole);
      return isUtf8(bytes.subarray(0, whole));
    },
    end: () => rest.length === 0,
  };
}

/** How many of the last bytes begin a character that may go on. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back ? back : 0;
  }
  return 0;
}
