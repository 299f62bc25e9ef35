import { type Reader, readVarint } from '../../backends/kubernetes/wire/reader.ts';

/** A number of 64 bits with a sign, as near as a JavaScript number comes to it. */
export function readInt64(reader: Reader, end: number): number {
  const start = reader.at;
  const value = readVarint(reader, end);
  if (value < 2 ** 53) return value;
  let bits = 0n;
  for (let at = reader.at - 1; at >= start; at--)
    bits = (bits << 7n) | BigInt((reader.bytes[at] ?? 0) & 0x7f);
  return Number(BigInt.asIntN(64, bits));
}
