import { readFile } from 'node:fs/promises';
import { codeOf, MusterError } from '../../base/errors.ts';
import type { Nameserver } from './schema.ts';

/** Which servers to ask, and for which names. */
export interface ResolverConfig {
  /** Asked in this order. */
  readonly servers: readonly Nameserver[];
  /** `tcp` to avoid UDP: some servers leave records out of a datagram without saying so. */
  readonly protocol: 'udp' | 'tcp';
  /** Domains in which a name that is not complete is tried. */
  readonly search: readonly string[];
  /** A name with at least this many dots is tried as it stands first. */
  readonly ndots: number;
  /** Milliseconds that a server has for its answer. */
  readonly timeout: number;
  /** Queries to a server that does not answer. */
  readonly attempts: number;
}

/** The defaults. The timeout is that of Prometheus, which has no setting for it. */
export const resolverDefaults: ResolverConfig = {
  servers: [],
  protocol: 'udp',
  search: [],
  ndots: 1,
  timeout: 2000,
  attempts: 2,
};

/** Reads the machine's resolver configuration. Throws `config` when the file is unreadable or names no server. */
export async function readResolverConfig(path: string): Promise<ResolverConfig> {
  const config = parseResolverConfig(await readText(path));
  if (config.servers.length > 0) return config;
  throw new MusterError('config', `${path} names no nameserver: add one there, or configure nameservers`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = `${path} cannot be read (${codeOf(error) ?? 'unknown error'})`;
    throw new MusterError('config', `${reason}: fix it, or configure nameservers`, { cause: error });
  }
}

/** Parses a resolv.conf(5). The last `search` or `domain` counts; unknown lines and options are ignored. */
export function parseResolverConfig(text: string): ResolverConfig {
  let config = resolverDefaults;
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver') config = { ...config, servers: [...config.servers, ...nameserver(values)] };
    else if (keyword === 'domain') config = { ...config, search: values.slice(0, 1) };
    else if (keyword === 'search') config = { ...config, search: values };
    else if (keyword === 'options') config = values.reduce(withOption, config);
  }
  return config;
}

function nameserver([address]: readonly string[]): readonly Nameserver[] {
  return address === undefined ? [] : [{ address, port: 53 }];
}

function withOption(config: ResolverConfig, option: string): ResolverConfig {
  const [name, value = ''] = option.split(':', 2);
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  switch (name) {
    case 'ndots':
      return { ...config, ndots: Math.min(number, 15) };
    case 'timeout':
      return { ...config, timeout: Math.min(Math.max(number, 1), 30) * 1000 };
    case 'attempts':
      return { ...config, attempts: Math.min(Math.max(number, 1), 5) };
    default:
      return config;
  }
}
