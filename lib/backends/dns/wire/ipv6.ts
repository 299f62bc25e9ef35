/** The 16 bytes as text, the way Go writes it: RFC 5952, and `1.2.3.4` for an IPv4 address inside IPv6. */
export function showIpv6(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(ipv4Prefix)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

const ipv4Prefix = Buffer.from('00000000000000000000ffff', 'hex');

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { start: index + 1 - length, length };
  }
  return best;
}
