import { compare, decodeGroup, encodeLabels, type Groups } from './canonical.ts';
import { addressLabel, type TargetGroup, targetLabels } from './group.ts';

/** Bytes of the largest object that a mirror takes by default: 256 MiB. */
export const defaultLargestObject = 256 * 2 ** 20;

/**
 * The version of a list that a file holds, and the id of its store. It stands in the file as a first group without targets,
 * which Prometheus ignores.
 */
export interface VersionMark {
  /** Id of the store: versions of two stores cannot be compared. */
  readonly store: string;
  readonly version: number;
}

/** The label by which a file tells its version, as in `<store id>/12`. */
export const versionLabel = '__muster_version';

/** The mark at the beginning of a file_sd file; undefined where it has none. The first 256 bytes are enough. */
export function readVersionMark(beginning: Uint8Array): VersionMark | undefined {
  const text = Buffer.from(beginning.subarray(0, 256)).toString('latin1');
  const [, store, version] =
    /^\[\n\{"targets":\[\],"labels":\{"__muster_version":"([a-z0-9-]{8,64})\/([1-9]\d{0,11})"\}\}/.exec(
      text,
    ) ?? [];
  return store === undefined ? undefined : { store, version: Number(version) };
}

function markText({ store, version }: VersionMark): string {
  return `{"targets":[],"labels":{"${versionLabel}":"${store}/${version}"}}`;
}

/**
 * A listing as file_sd JSON, one group a line, byte-identical for equal listings of one version. The file format knows
 * labels of groups only, so that a group becomes as many as its targets have distinct label sets.
 */
export function encodeFileSd(groups: Groups, mark?: VersionMark): Uint8Array {
  const buffer = new GrowingBuffer();
  for (const text of fileSdTexts(groups, mark)) buffer.append(text);
  return buffer.bytes();
}

/** The same piece by piece, for listings too long to be held. */
export function* fileSdTexts(groups: Groups, mark?: VersionMark): Generator<string, undefined> {
  let separator = '[\n';
  if (mark !== undefined) {
    yield separator + markText(mark);
    separator = ',\n';
  }
  for (const source of [...groups.keys()].sort(compare)) {
    const group = groups.get(source);
    if (group === undefined) continue;
    for (const line of encodeFileSdGroups(decodeGroup(group))) {
      yield separator + line;
      separator = ',\n';
    }
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
  return undefined;
}

/** One file out of the files of all shards. Each must be one that `readFileSd` takes. */
export function joinFileSd(parts: readonly Uint8Array[]): Uint8Array {
  const buffer = new GrowingBuffer();
  let separator = '[\n';
  for (const part of parts) {
    const groups = part.subarray(part.indexOf(openBracket) + 1, part.lastIndexOf(closeBracket));
    if (groups.every((byte) => whitespace.has(byte))) continue;
    buffer.append(separator);
    buffer.appendBytes(groups);
    separator = ',';
  }
  buffer.append(separator === '[\n' ? '[]\n' : ']\n');
  return buffer.bytes();
}

const openBracket = 0x5b;
const closeBracket = 0x5d;
const whitespace: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function encodeFileSdGroups(group: TargetGroup): readonly string[] {
  const addressesByLabels = new Map<string, Set<string>>();
  for (const target of group.targets) {
    // Prometheus has targets without address too, until its rules give them one.
    const { [addressLabel]: address = '', ...labels } = targetLabels(group, target);
    const text = encodeLabels(labels);
    const addresses = addressesByLabels.get(text);
    if (addresses === undefined) addressesByLabels.set(text, new Set([address]));
    else addresses.add(address);
  }
  return [...addressesByLabels]
    .sort(([a], [b]) => compare(a, b))
    .map(
      ([labels, addresses]) =>
        `{"targets":${JSON.stringify([...addresses].sort(compare))},"labels":${labels}}`,
    );
}

const encoder = new TextEncoder();

/** UTF-8 bytes that grow in place: a resizable buffer is only reserved address space until it is written. */
class GrowingBuffer {
  #buffer = new ArrayBuffer(1 << 16, { maxByteLength: 2 ** 31 });
  #length = 0;

  append(text: string): void {
    // A UTF-16 code unit takes three bytes at most.
    this.#reserve(text.length * 3);
    this.#length += encoder.encodeInto(text, new Uint8Array(this.#buffer, this.#length)).written;
  }

  appendBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    new Uint8Array(this.#buffer, this.#length).set(bytes);
    this.#length += bytes.length;
  }

  /** What was appended; the buffer is empty afterwards. Of fixed length, as many Node functions want it. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#buffer.transferToFixedLength(this.#length));
    this.#buffer = new ArrayBuffer(1 << 16, { maxByteLength: 2 ** 31 });
    this.#length = 0;
    return bytes;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#buffer.byteLength) this.#buffer.resize(Math.max(needed, this.#buffer.byteLength * 2));
  }
}
