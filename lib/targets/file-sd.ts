import { chunksOf } from '../base/gzip-lines.ts';
import { type Groups, sortGroups } from './canonical.ts';
import { openFileSdLines } from './file-sd-lines.ts';
import { textsOf } from './pack.ts';

/** Default limit of an object for a mirror in bytes: 256 MiB. */
export const defaultLargestObject = 256 * 2 ** 20;

/**
 * The version of a list that a file holds, and the id of its store. In the file it is a first group without targets,
 * which Prometheus ignores.
 */
export interface VersionMark {
  /** Id of the store: versions of two stores cannot be compared. */
  readonly store: string;
  readonly version: number;
}

/** The label that has the version of a file, as in `<store id>/12`. */
export const versionLabel = '__muster_version';

/** The mark at the beginning of a file_sd file; undefined if it has none. The first 256 bytes are enough. */
export function readVersionMark(beginning: Uint8Array): VersionMark | undefined {
  const text = Buffer.from(beginning.subarray(0, 256)).toString('latin1');
  const [, store, version] =
    /^\[\n\{"targets":\[\],"labels":\{"__muster_version":"([a-z0-9-]{8,64})\/([1-9]\d{0,11})"\}\}/.exec(
      text,
    ) ?? [];
  return store === undefined ? undefined : { store, version: Number(version) };
}

/** The line of a file that has its version. */
export function markText({ store, version }: VersionMark): string {
  return `{"targets":[],"labels":{"${versionLabel}":"${store}/${version}"}}`;
}

/**
 * A listing as file_sd JSON, one group a line, byte-identical for equal listings of one version. In the file format
 * only groups have labels, so a group becomes one group for each label set of its targets.
 */
export function encodeFileSd(groups: Groups, mark?: VersionMark): Uint8Array {
  return Buffer.concat([...fileSdPieces(groups, mark)]);
}

/** The same in pieces, for listings that are too large for memory. */
export function* fileSdPieces(groups: Groups, mark?: VersionMark): Generator<Uint8Array, undefined> {
  const lines = openFileSdLines(mark && markText(mark));
  for (const chunk of chunksOf(textsOf(sortGroups(groups).values()), '\n')) {
    lines.add(chunk);
    yield lines.take();
  }
  yield lines.take('end');
  return undefined;
}

/** The file of canonical groups, one group a line. Throws kind `malformed` for a line that is not a group. */
export function fileSdOfLines(groups: Buffer): Uint8Array {
  const lines = openFileSdLines();
  lines.add(groups);
  return lines.take('end');
}

/** Joins the files of all shards. `readFileSd` must accept each of them. */
export function joinFileSd(parts: readonly Uint8Array[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const groups = part.subarray(part.indexOf(openBracket) + 1, part.lastIndexOf(closeBracket));
    if (groups.every((byte) => whitespace.has(byte))) continue;
    pieces.push(Buffer.from(pieces.length === 0 ? '[\n' : ','), groups);
  }
  pieces.push(Buffer.from(pieces.length === 0 ? '[]\n' : ']\n'));
  return Buffer.concat(pieces);
}

const openBracket = 0x5b;
const closeBracket = 0x5d;
const whitespace: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
