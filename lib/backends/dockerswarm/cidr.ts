import { isIPv4, isIPv6 } from 'node:net';

/** The IP of `10.0.1.4/24` as Go writes it, undefined where the text is no such thing. Source: Go's net.ParseCIDR. */
export function ipOfCidr(text: string): string | undefined {
  const { ip = '', bits = '' } = /^(?<ip>[^/%]+)\/(?<bits>\d{1,3})$/.exec(text)?.groups ?? {};
  if (isIPv4(ip)) return Number(bits) <= 32 ? ip : undefined;
  return isIPv6(ip) && Number(bits) <= 128 ? canonicalIPv6(ip) : undefined;
}

/** Zeros left out in one place, lower case; an IPv4 address in IPv6's clothes without them. */
function canonicalIPv6(ip: string): string {
  const canonical = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const { high, low } = /^::ffff:(?<high>[\da-f]{1,4}):(?<low>[\da-f]{1,4})$/.exec(canonical)?.groups ?? {};
  if (high === undefined || low === undefined) return canonical;
  return [high, low]
    .map((part) => Number.parseInt(part, 16))
    .flatMap((part) => [part >> 8, part & 255])
    .join('.');
}
