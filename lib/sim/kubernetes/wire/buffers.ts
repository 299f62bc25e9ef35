/** A buffer that is written from the beginning to the end. */
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

/** Makes a buffer that begins with this size in bytes and grows as needed. */
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
      const ascii = isAscii(value);
      const at = reserve(ascii ? value.length : Buffer.byteLength(value));
      putString(buffer, value, at, ascii);
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

/** A buffer that is written from the end to the beginning, so that a message's length is known before it is written. */
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
  /** All that was written, without a copy; the buffer is empty afterwards. */
  taken(): Uint8Array;
}

/** Makes a buffer that begins with this size in bytes and grows as needed. */
export function backwardBuffer(initialBytes: number): BackwardBuffer {
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
      } else if (value >= 0 && value < 0x4000) {
        const at = reserve(2);
        buffer[at] = (value & 0x7f) | 0x80;
        buffer[at + 1] = value >> 7;
      } else {
        const groups = value < 0 ? negativeGroups(value) : positiveGroups(value);
        let at = reserve(groups.length);
        for (const [index, group] of groups.entries())
          buffer[at++] = index < groups.length - 1 ? group | 0x80 : group;
      }
    },
    bytes(value) {
      const at = reserve(value.length);
      buffer.set(value, at);
    },
    text(value) {
      const ascii = isAscii(value);
      const at = reserve(ascii ? value.length : Buffer.byteLength(value));
      putString(buffer, value, at, ascii);
    },
    since: (size) => Uint8Array.prototype.slice.call(buffer, start, buffer.length - size),
    taken() {
      const all = buffer.subarray(start);
      buffer = Buffer.allocUnsafe(initialBytes);
      start = buffer.length;
      return all;
    },
  };
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

/** Whether each character takes one byte in UTF-8. */
function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Writes a string as UTF-8. Most strings are short ASCII: for those a loop is faster than a call into the runtime. */
function putString(buffer: Buffer, text: string, at: number, ascii: boolean): void {
  const { length } = text;
  if (!ascii) buffer.write(text, at);
  else if (length > 32) buffer.write(text, at, 'latin1');
  else for (let index = 0; index < length; index += 1) buffer[at + index] = text.charCodeAt(index);
}
