/**
 * Text that is being written. Characters become bytes at once: strings that grow line by line are garbage of several times
 * the text's size.
 */
export interface TextBytes {
  /** Memory of the text, which may be longer. */
  bytes: Buffer;
  /** Bytes of the text so far. */
  length: number;
}

/** Bytes with which a text's memory begins. */
const firstLength = 1 << 12;

/** Opens an empty text. It takes no memory yet. */
export function openText(): TextBytes {
  return { bytes: Buffer.alloc(0), length: 0 };
}

/** Appends bytes. */
export function putBytes(text: TextBytes, bytes: Uint8Array): void {
  makeRoom(text, bytes.length);
  text.bytes.set(bytes, text.length);
  text.length += bytes.length;
}

/** Appends a string in UTF-8. */
export function putString(text: TextBytes, string: string): void {
  makeRoom(text, string.length);
  const { bytes } = text;
  let at = text.length;
  for (let index = 0; index < string.length; index++) {
    const code = string.charCodeAt(index);
    if (code > lastAscii) {
      putBytes(text, Buffer.from(string));
      return;
    }
    bytes[at++] = code;
  }
  text.length = at;
}

/** Appends a label value as it stands between quotes. */
export function putLabelValue(text: TextBytes, value: string): void {
  makeRoom(text, value.length);
  const { bytes } = text;
  let at = text.length;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > lastAscii || code === quote || code === backslash || code === newline) {
      putBytes(text, Buffer.from(escapeLabel(value)));
      return;
    }
    bytes[at++] = code;
  }
  text.length = at;
}

const lastAscii = 0x7f;
const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;

/** Escapes a label value that stands between quotes. Source: Prometheus, "Exposition formats". */
function escapeLabel(value: string): string {
  return value.replace(/[\\\n"]/g, (character) => escapes[character] ?? character);
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

/** Escapes a help, where quotes stay. Source: Prometheus, "Exposition formats". */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

/** Makes room for that many bytes. */
function makeRoom(text: TextBytes, needed: number): void {
  const { bytes, length } = text;
  if (length + needed <= bytes.length) return;
  text.bytes = Buffer.allocUnsafeSlow(Math.max(length + needed, 2 * bytes.length, firstLength));
  bytes.copy(text.bytes, 0, 0, length);
}
