import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { heedSignals } from '../../base/deadlines.ts';
import { isMusterError, MusterError, toMusterError } from '../../base/errors.ts';
import { formatDuration } from '../../config/fields.ts';
import { toFailure } from '../../http/errors.ts';
import {
  type Answer,
  answers,
  decodeAnswer,
  encodeQuery,
  formatError,
  notImplemented,
  type Query,
} from './message.ts';
import type { ResolverConfig } from './resolver-config.ts';
import type { Nameserver } from './schema.ts';

/** How long one exchange may take. */
export interface Limits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/**
 * The answer of one server: over UDP, and over TCP when it did not fit or was broken. Throws `unreachable`, `timeout`
 * and `malformed`. The sockets are closed in every case.
 */
export async function exchange(
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
