/**
 * When what a gzip holds was made, by the field that its format has for this: it travels with the bytes, and changes
 * with them at once. Second 0 means that it is not told. Source: RFC 1952, 2.3.1, MTIME.
 */
export function readGzipTime(gzip: Uint8Array): Date | undefined {
  if (gzip.length < headerLength || gzip[0] !== 0x1f || gzip[1] !== 0x8b) return undefined;
  const seconds = viewOf(gzip).getUint32(timeOffset, true);
  return seconds === 0 ? undefined : new Date(seconds * 1000);
}

/** Writes the time into a gzip, to the second. */
export function stampGzip(gzip: Uint8Array, at: Date): void {
  viewOf(gzip).setUint32(timeOffset, Math.floor(at.getTime() / 1000), true);
}

const headerLength = 10;
const timeOffset = 4;

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
