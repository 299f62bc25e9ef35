import { readFile } from 'node:fs/promises';
import { codeOf, MusterError } from '../../base/errors.ts';
import type { Nameserver } from './schema.ts';

/** Whom to ask, and for which names. */
export interface ResolverConfig {
  /** Asked in this order. */
  readonly servers: readonly Nameserver[];
  /** `tcp` where UDP is never to be used: some servers leave records out of a datagram and do not say so. */
  readonly protocol: 'udp' | 'tcp';
  /** Domains in which a name that is not complete may lie. */
  readonly search: readonly string[];
  /** With so many dots a name is tried as it stands first. */
  readonly ndots: number;
  /** Milliseconds that a server has for its answer. */
  readonly timeout: number;
  /** How often a server is asked that does not answer. */
  readonly attempts: number;
}

/** What holds where nothing is configured. The timeout is Prometheus's, which has no setting for it. */
export const resolverDefaults: ResolverConfig = {
  servers: [],
  protocol: 'udp',
  search: [],
  ndots: 1,
  timeout: 2000,
  attempts: 2,
};

/** The machine's resolver configuration. Throws `config` when the file can't be read or names no server. */
export async function readResolverConfig(path: string): Promise<ResolverConfig> {
  const config = parseResolverConfig(await readText(path));
  if (config.servers.length > 0) return config;
  throw new MusterError('config', `${path} names no nameserver: add one there, or configure nameservers`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = `${path} can't be read (${codeOf(error) ?? 'unknown error'})`;
    throw new MusterError('config', `${reason}: mend it, or configure nameservers`, { cause: error });
  }
}

/** The text of a resolv.conf(5). Of `search` and `domain` the last one counts; what is unknown is passed over. */
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
