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

/** Bytes of a text's memory, step by step. */
const firstLength = 1 << 11;
const nextLength = (length: number) => (length < 1 << 17 ? Math.max(firstLength, 8 * length) : 2 * length);

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
  makeRoom(text, mostBytes * string.length);
  text.length += text.bytes.write(string, text.length);
}

/** Appends a label value as it stands between quotes. */
export function putLabelValue(text: TextBytes, value: string): void {
  makeRoom(text, mostBytes * value.length);
  text.length = writeLabelValue(text.bytes, text.length, value);
}

/** Appends the end of a line: the brace, the sample's value and a line feed. */
export function putLineEnd(text: TextBytes, value: number): void {
  makeRoom(text, longestEnd);
  text.length = writeLineEnd(text.bytes, text.length, value);
}

/** What the lines of a family begin with. */
export interface LineHead {
  /** The name of the family and the opening brace. */
  readonly open: Uint8Array;
  /** The labels that identify the present object. */
  own: Uint8Array;
  /** What stands before the value of each further label: a comma, its name, an equals sign and a quote. */
  readonly names: readonly Uint8Array[];
}

/** Samples that wait to be written. Their arrays are used again and again, and may be longer. */
export interface Samples {
  count: number;
  readonly values: number[];
  /** The label values of the samples, one sample after another. */
  readonly labels: string[];
}

/** Appends the line of the sample at the index. It makes room once: a text has a million lines. */
export function putSample(text: TextBytes, head: LineHead, { values, labels }: Samples, index: number): void {
  const { open, own, names } = head;
  const first = index * names.length;
  let room = open.length + own.length + longestEnd;
  for (let place = 0; place < names.length; place++)
    room += (names[place] ?? own).length + mostBytes * (labels[first + place] ?? '').length + 1;
  makeRoom(text, room);
  const { bytes } = text;
  let at = text.length;
  bytes.set(open, at);
  at += open.length;
  bytes.set(own, at);
  at += own.length;
  for (let place = 0; place < names.length; place++) {
    const name = names[place] ?? own;
    for (let from = 0; from < name.length; from++) bytes[at++] = name[from] ?? 0;
    at = writeLabelValue(bytes, at, labels[first + place] ?? '');
    bytes[at++] = quote;
  }
  text.length = writeLineEnd(bytes, at, values[index] ?? 0);
}

/** The most bytes for one unit of a string: in UTF-8, or escaped. */
const mostBytes = 3;

/** Writes a label value, for which there is room. Returns where it ends. */
function writeLabelValue(bytes: Buffer, start: number, value: string): number {
  let at = start;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code > lastAscii || code === quote || code === backslash || code === newline)
      return start + bytes.write(escapeLabel(value), start);
    bytes[at++] = code;
  }
  return at;
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

/** Bytes of a brace, a space, the longest number and a line feed, and some more. */
const longestEnd = 40;

/** Writes the end of a line, for which there is room. Returns where it ends. */
function writeLineEnd(bytes: Buffer, start: number, value: number): number {
  let at = start;
  bytes[at++] = 0x7d;
  bytes[at++] = 0x20;
  at =
    value >= 0 && value <= Number.MAX_SAFE_INTEGER && Number.isInteger(value)
      ? writeWhole(bytes, at, value)
      : at + bytes.write(formatNumber(value), at);
  bytes[at++] = newline;
  return at;
}

/** Writes a whole number as `formatNumber` returns it, digit by digit. Returns where it ends. */
function writeWhole(bytes: Buffer, start: number, value: number): number {
  let at = start;
  if (value < 10) {
    bytes[at++] = zero + value;
    return at;
  }
  let count = 0;
  for (let rest = value; rest > 0; ) {
    const next = Math.floor(rest / 10);
    digits[count++] = rest - 10 * next;
    rest = next;
  }
  const isLong = value >= firstLong;
  let last = 0;
  if (isLong) while (digits[last] === 0) last++;
  for (let place = count - 1; place >= last; place--) {
    bytes[at++] = zero + (digits[place] ?? 0);
    if (isLong && place === count - 1 && place > last) bytes[at++] = point;
  }
  if (!isLong) return at;
  const exponent = count - 1;
  bytes[at++] = letterE;
  bytes[at++] = plus;
  bytes[at++] = zero + (exponent < 10 ? 0 : 1);
  bytes[at++] = zero + (exponent % 10);
  return at;
}

/** Digits of the number that is being written, the last one first. */
const digits = new Uint8Array(16);
const zero = 0x30;
const point = 0x2e;
const plus = 0x2b;
const letterE = 0x65;

/** Whole numbers from this one on are written with an exponent. */
const firstLong = 1_000_000;

/** A sample's value as kube-state-metrics writes it: the shortest form of Go's format `g`. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) && value > -firstLong && value < firstLong) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const scientific = value.toExponential();
  const split = scientific.indexOf('e');
  const exponent = Number(scientific.slice(split + 1));
  if (exponent >= -4 && exponent < 6) return `${value}`;
  const padded = `${Math.abs(exponent)}`.padStart(2, '0');
  return `${scientific.slice(0, split)}e${exponent < 0 ? '-' : '+'}${padded}`;
}

/** Escapes a help, where quotes stay. Source: Prometheus, "Exposition formats". */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, (character) => escapes[character] ?? character);
}

/** Makes room for that many bytes. Few steps lead to the length of a block, since each leaves its memory behind. */
function makeRoom(text: TextBytes, needed: number): void {
  const { bytes, length } = text;
  if (length + needed <= bytes.length) return;
  text.bytes = Buffer.allocUnsafeSlow(Math.max(length + needed, nextLength(bytes.length)));
  bytes.copy(text.bytes, 0, 0, length);
}
