import { MusterError } from '../base/errors.ts';
import { chunksOf } from '../base/gzip-lines.ts';
import { compare, type Groups } from './canonical.ts';
import { openFileSdLines } from './file-sd-lines.ts';
import type { LabelSet } from './group.ts';

/** Bytes of the largest object that a mirror takes by default: 256 MiB. */
export const defaultLargestObject = 256 * 2 ** 20;

/** A group of a file_sd file. Source: Prometheus configuration reference, file_sd_config. */
export interface FileSdGroup {
  readonly targets: readonly string[];
  readonly labels: LabelSet;
}

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
  return Buffer.concat([...fileSdPieces(groups, mark)]);
}

/** The same piece by piece, for listings too long to be held. */
export function* fileSdPieces(groups: Groups, mark?: VersionMark): Generator<Uint8Array, undefined> {
  const lines = openFileSdLines(mark && markText(mark));
  for (const text of chunksOf(linesOf(groups))) {
    lines.add(Buffer.from(text));
    yield lines.take();
  }
  yield lines.take('end');
  return undefined;
}

function* linesOf(groups: Groups): Generator<string, undefined> {
  for (const source of [...groups.keys()].sort(compare)) {
    const group = groups.get(source);
    if (group === undefined) continue;
    yield `${group.json}\n`;
  }
  return undefined;
}

/** The groups of a file_sd file, checked as Prometheus checks them. Throws kind `malformed`. */
export function decodeFileSd(bytes: Uint8Array): readonly FileSdGroup[] {
  const groups = parseJson(bytes);
  if (!Array.isArray(groups)) throw malformed('the file is not a list of groups');
  return groups.map(checkGroup);
}

/** One file out of the files of all shards. Each must be one that `decodeFileSd` takes. */
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

function parseJson(bytes: Uint8Array): unknown {
  try {
    // A byte order mark is kept, so that it is refused here as it would be by Prometheus.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new MusterError(
      'malformed',
      `not file_sd JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

function checkGroup(group: unknown, index: number): FileSdGroup {
  if (!isRecord(group)) throw malformed(`group ${index} is not an object`);
  const { targets = [], labels, ...unknown } = group;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw malformed(`group ${index} has the unknown key "${stranger}"`);
  if (!isStringArray(targets)) throw malformed(`targets of group ${index} are not a list of strings`);
  return { targets, labels: checkLabels(labels ?? {}, index) };
}

function checkLabels(labels: unknown, index: number): LabelSet {
  if (!isRecord(labels)) throw malformed(`labels of group ${index} are not an object`);
  if (Object.hasOwn(labels, '')) throw malformed(`group ${index} has a label without name`);
  if (!isLabelSet(labels)) throw malformed(`group ${index} has a label whose value is not a text`);
  return labels;
}

function isLabelSet(labels: Record<string, unknown>): labels is Record<string, string> {
  return Object.values(labels).every((value) => typeof value === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function malformed(message: string): MusterError {
  return new MusterError('malformed', `not file_sd JSON: ${message}`);
}
