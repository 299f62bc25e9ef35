import { type Reader, readVarint } from '../../backends/kubernetes/wire/reader.ts';

/** The highest number of 64 bits with a sign. */
export const maxInt64 = 2n ** 63n - 1n;

/** A number of 64 bits with a sign, as near as a JavaScript number comes to it. */
export function readInt64(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  return value < 2 ** 53 ? value : Number(bitsBetween(start, reader));
}

/** All of its digits. */
export function readInt64Digits(reader: Reader, end: number): string {
  const start = reader.at;
  const value = readVarint(reader, end);
  return `${value < 2 ** 53 ? value : bitsBetween(start, reader)}`;
}

function bitsBetween(start: number, { at: end, bytes }: Reader): bigint {
  let bits = 0n;
  for (let at = end - 1; at >= start; at--) bits = (bits << 7n) | BigInt((bytes[at] ?? 0) & 0x7f);
  return BigInt.asIntN(64, bits);
}
