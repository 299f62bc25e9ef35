/** Bytes written from the end to the beginning: the length of a message is known once it stands in front of it. */
export interface BackwardBuffer {
  /** Bytes written so far. */
  size(): number;
  /** A varint. Negative numbers take ten bytes, as in Go. */
  varint(value: number): void;
  bytes(value: Uint8Array): void;
  /** UTF-8, without its length. */
  text(value: string): void;
  /** A copy of what was written since the size was as given. */
  since(size: number): Uint8Array;
  /** Forgets what was written. */
  clear(): void;
}

/** A buffer that grows as needed and keeps its memory for the next use. */
export function backwardBuffer(initialBytes = 1 << 16): BackwardBuffer {
  let buffer = Buffer.allocUnsafe(initialBytes);
  let start = buffer.length;

  const reserve = (count: number) => {
    if (start < count) {
      const size = buffer.length - start;
      const grown = Buffer.allocUnsafe(Math.max(buffer.length * 2, size + count));
      buffer.copy(grown, grown.length - size, start);
      buffer = grown;
      start = grown.length - size;
    }
    start -= count;
    return start;
  };

  return {
    size: () => buffer.length - start,
    varint(value) {
      if (value >= 0 && value < 0x80) {
        const at = reserve(1);
        buffer[at] = value;
        return;
      }
      const groups = value < 0 ? negativeGroups(value) : positiveGroups(value);
      let at = reserve(groups.length);
      for (const [index, group] of groups.entries())
        buffer[at++] = index < groups.length - 1 ? group | 0x80 : group;
    },
    bytes(value) {
      const at = reserve(value.length);
      buffer.set(value, at);
    },
    text(value) {
      const { length } = value;
      // Most texts are short and ASCII; for those a loop beats the call into the runtime.
      if (length < 24 && isAscii(value)) {
        const at = reserve(length);
        for (let index = 0; index < length; index += 1) buffer[at + index] = value.charCodeAt(index);
        return;
      }
      const at = reserve(Buffer.byteLength(value));
      buffer.write(value, at);
    },
    since: (size) => Uint8Array.prototype.slice.call(buffer, start, buffer.length - size),
    clear() {
      start = buffer.length;
    },
  };
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function positiveGroups(value: number): number[] {
  const groups = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 0x80)) groups.push(rest % 0x80);
  return groups;
}

function negativeGroups(value: number): number[] {
  const groups = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n)
    groups.push(Number(rest & 0x7fn));
  return groups;
}
