/**
 * The maximum age of a text that is served, in milliseconds. Source: `--query.lookback-delta` of Prometheus, the time for
 * which a sample counts as current.
 */
export const longestAge = 5 * 60_000;

/**
 * Returns an empty gzip member whose header holds the time at which a cluster was listed. It is the first member of an
 * output and adds nothing to its text. Source: RFC 1952, 2.2.
 */
export function gzipHead(listed: Date): Uint8Array {
  // An empty block, and the trailer of zero bytes.
  const head = Uint8Array.of(...gzipHeader, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  stampGzip(head, listed);
  return head;
}

/**
 * Returns the time in the header of a gzip; the first `headerLength` bytes are enough. Undefined for another format, and
 * for a header without a time. Source: RFC 1952, 2.3.1, MTIME.
 */
export function readGzipTime(gzip: Uint8Array): Date | undefined {
  if (gzip.length < headerLength || gzip[0] !== 0x1f || gzip[1] !== 0x8b) return undefined;
  const seconds = viewOf(gzip).getUint32(timeOffset, true);
  return seconds === 0 ? undefined : new Date(seconds * 1000);
}

/** Writes a time into the header of a gzip, rounded down to seconds. */
export function stampGzip(gzip: Uint8Array, at: Date): void {
  viewOf(gzip).setUint32(timeOffset, Math.floor(at.getTime() / 1000), true);
}

const timeOffset = 4;
const unknownSystem = 255;

/** The header of a gzip member without flags and without a time. */
export const gzipHeader: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, unknownSystem);

/** Bytes of a gzip header without optional fields. */
export const headerLength = gzipHeader.length;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
