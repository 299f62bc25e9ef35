import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { connect, isIPv6 } from 'node:net';
import { abortError, heedSignals } from '../../base/deadlines.ts';
import { codeOf, isMusterError, MusterError, toMusterError } from '../../base/errors.ts';
import { formatDuration } from '../../config/fields.ts';
import { toFailure } from '../../http/errors.ts';
import { joinHostPort } from '../../targets/group.ts';
import {
  type Answer,
  answers,
  type DnsRecord,
  decodeAnswer,
  encodeName,
  encodeQuery,
  formatError,
  nameError,
  noError,
  notImplemented,
  type Query,
  type QueryType,
  showResponseCode,
} from './message.ts';
import type { Nameserver } from './schema.ts';

/**
 * The records of a name, from the first full name that exists. Empty when that has none, or when DNS says that no full
 * name exists. Throws the first failure (see `exchange`) when no full name exists and a lookup failed.
 */
export async function lookUp(
  name: string,
  type: QueryType,
  resolver: ResolverConfig,
  signal: AbortSignal,
): Promise<readonly DnsRecord[]> {
  const failures: MusterError[] = [];
  for (const fullName of fullNames(name, resolver)) {
    const found = await askServers(fullName, type, resolver, signal);
    if (Array.isArray(found)) failures.push(...found);
    else if (found.code === noError) return found.records;
  }
  const [first] = failures;
  if (first === undefined) return [];
  const shown = failures.slice(0, 3).map(({ message }) => message);
  const more = failures.length > 3 ? ` (and ${failures.length - 3} more)` : '';
  throw new MusterError(first.kind, `DNS lookup of ${name} (${type}): ${shown.join('; ')}${more}`, {
    cause: first,
  });
}

/** The first answer that says whether the name exists, or the failure of each server. */
async function askServers(
  fullName: string,
  type: QueryType,
  { servers, protocol, timeout, attempts }: ResolverConfig,
  signal: AbortSignal,
): Promise<Answer | MusterError[]> {
  const name = encodeName(fullName);
  if (name === undefined)
    return [new MusterError('config', `${fullName} is not a domain name: check the search list`)];
  const failures: MusterError[] = [];
  let silent = servers;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const lost: Nameserver[] = [];
    for (const server of silent) {
      const query = { id: randomInt(0x1_0000), name, type };
      const outcome = await judge(() => exchange(server, query, protocol, { timeout, signal }));
      if (signal.aborted) throw abortError(signal, `while DNS was asked for ${fullName}`);
      if (!(outcome instanceof MusterError)) return outcome;
      if (outcome.kind === 'timeout' && attempt < attempts) lost.push(server);
      else
        failures.push(
          new MusterError(outcome.kind, `${fullName} at ${addressOf(server)}: ${outcome.message}`),
        );
    }
    silent = lost;
  }
  return failures;
}

/** The server's answer, or the reason why it does not count. */
async function judge(call: () => Promise<Answer>): Promise<Answer | MusterError> {
  try {
    const answer = await call();
    if (answer.code === nameError) return answer;
    if (answer.code === noError) return answer.referral ? new MusterError('status', referred) : answer;
    const name = showResponseCode(answer.code);
    return new MusterError(name === 'REFUSED' ? 'denied' : 'status', `the answer is ${name}`);
  } catch (error) {
    return toMusterError(error);
  }
}

const referred = 'the server does not know the name and does not ask others: it is not a resolver';

function addressOf({ address, port }: Nameserver): string {
  return joinHostPort(address, port);
}

/**
 * The full names for a name, in the order to try them. A name with a dot at its end is complete; another one is tried
 * as it stands and in each domain of the search list. Source: resolv.conf(5), and Prometheus's DNS library.
 */
export function fullNames(name: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (isComplete(name)) return [name];
  const inDomains = search.map((domain) => complete(domain === '.' ? name : `${name}.${domain}`));
  const itself = complete(name);
  const hasDots = countDots(name) >= ndots;
  return [...new Set(hasDots ? [itself, ...inDomains] : [...inDomains, itself])];
}

function complete(name: string): string {
  return isComplete(name) ? name : `${name}.`;
}

function isComplete(name: string): boolean {
  return dotsOf(name).at(-1) === name.length - 1;
}

function countDots(name: string): number {
  return dotsOf(name).length;
}

/** Positions of the dots that separate labels, which `\.` does not. */
function dotsOf(name: string): readonly number[] {
  const tokens = [...name.matchAll(/\\.|\./gsu)];
  return tokens.filter(([token]) => token === '.').map(({ index }) => index);
}

/** How long one exchange may take. */
interface Limits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * The answer of one server: over UDP, and over TCP when it did not fit or was broken. Throws `unreachable`, `timeout`
 * and `malformed`. The sockets are closed in every case.
 */
async function exchange(
  server: Nameserver,
  query: Query,
  protocol: ResolverConfig['protocol'],
  limits: Limits,
): Promise<Answer> {
  if (protocol === 'tcp') return await askOverTcp(server, query, limits);
  const short = await askOverUdp(server, query, limits).catch(brokenAnswer);
  if (!(short instanceof MusterError)) return short.truncated ? askOverTcp(server, query, limits) : short;
  try {
    return await askOverTcp(server, query, limits);
  } catch (error) {
    const { message } = toMusterError(error);
    const over = message === short.message ? '' : `; over TCP: ${message}`;
    throw new MusterError('malformed', `${short.message}${over}`, { cause: short });
  }
}

/** Some servers and gateways cut off an answer that does not fit, without saying so. */
function brokenAnswer(error: unknown): MusterError {
  if (isMusterError(error, 'malformed')) return error;
  throw error;
}

/** Codes with which servers older than EDNS answer a query that has it. Source: RFC 6891, 7. */
const withoutEdns: readonly number[] = [formatError, notImplemented];

async function askOverUdp(server: Nameserver, query: Query, limits: Limits): Promise<Answer> {
  const answer = decodeAnswer(
    await exchangeDatagrams(server, encodeQuery(query, { edns: true }), query, limits),
  );
  if (!withoutEdns.includes(answer.code)) return answer;
  return decodeAnswer(await exchangeDatagrams(server, encodeQuery(query, { edns: false }), query, limits));
}

async function askOverTcp(server: Nameserver, query: Query, limits: Limits): Promise<Answer> {
  const full = decodeAnswer(await exchangeStream(server, query, limits));
  if (full.truncated) throw new MusterError('malformed', 'the answer is cut short over TCP too');
  return full;
}

async function exchangeDatagrams(
  server: Nameserver,
  question: Buffer,
  query: Query,
  limits: Limits,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const fail = (error: Error | null) => {
    if (error !== null) reject(toFailure(error));
  };
  socket.on('error', fail);
  // Ignores a late answer to an earlier query, or a stranger's: the right one may still come.
  socket.on('message', (message) => {
    if (answers(message, query)) resolve(message);
  });
  socket.once('connect', () => socket.send(question, fail));
  socket.connect(server.port, server.address);
  try {
    return await within(promise, limits);
  } finally {
    socket.close();
  }
}

async function exchangeStream(server: Nameserver, query: Query, limits: Limits): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connect(server.port, server.address);
  let received = Buffer.alloc(0);
  socket.on('error', (error) => reject(toFailure(error)));
  socket.on('close', () => reject(new MusterError('unreachable', cutOff)));
  socket.on('data', (part) => {
    received = Buffer.concat([received, part]);
    // The length in front has two bytes, so an answer has at most 64 KiB, and no more is held.
    const length = received.length < 2 ? Number.POSITIVE_INFINITY : received.readUInt16BE(0);
    if (received.length < length + 2) return;
    const message = received.subarray(2, length + 2);
    socket.destroy();
    if (answers(message, query)) resolve(message);
    else reject(new MusterError('malformed', 'the answer over TCP belongs to another query'));
  });
  socket.once('connect', () => {
    const message = encodeQuery(query, { edns: false });
    socket.write(Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]));
  });
  try {
    return await within(promise, limits);
  } finally {
    socket.destroy();
  }
}

const cutOff = 'the connection was closed before the answer was complete';

async function within(promise: Promise<Buffer>, { timeout, signal }: Limits): Promise<Buffer> {
  const late = new AbortController();
  const reason = new MusterError('timeout', `no answer within ${formatDuration(timeout)}`);
  const timer = setTimeout(() => late.abort(reason), timeout);
  try {
    return await heedSignals(promise, [signal, late.signal], 'while a DNS server was asked');
  } finally {
    clearTimeout(timer);
  }
}

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
