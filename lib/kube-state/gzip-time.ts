/**
 * The longest age of a text that is served, in milliseconds. Source: Prometheus counts a sample as the present state for
 * as long, `--query.lookback-delta`.
 */
export const longestAge = 5 * 60_000;

/**
 * An empty gzip member that says when a cluster was listed. It stands in front of the other members of an output, and
 * adds nothing to its text. Source: RFC 1952, 2.2.
 */
export function gzipHead(listed: Date): Uint8Array {
  // Header without flags, an empty block, and a trailer that sums up no bytes.
  const head = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, unknownSystem, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  stampGzip(head, listed);
  return head;
}

/**
 * The time in the header of a gzip, of which the first `headerLength` bytes are enough; `undefined` where it says none.
 * The time changes together with the bytes that it describes. Source: RFC 1952, 2.3.1, MTIME, where 0 means unknown.
 */
export function readGzipTime(gzip: Uint8Array): Date | undefined {
  if (gzip.length < headerLength || gzip[0] !== 0x1f || gzip[1] !== 0x8b) return undefined;
  const seconds = viewOf(gzip).getUint32(timeOffset, true);
  return seconds === 0 ? undefined : new Date(seconds * 1000);
}

/** Writes a time into the header of a gzip, to the second. */
export function stampGzip(gzip: Uint8Array, at: Date): void {
  viewOf(gzip).setUint32(timeOffset, Math.floor(at.getTime() / 1000), true);
}

/** Bytes of a gzip header without optional fields. */
export const headerLength = 10;

const timeOffset = 4;
const unknownSystem = 255;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
