import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dns } from '../../../lib/backends/dns/index.ts';
import { MusterError } from '../../../lib/base/errors.ts';
import { type DnsFleet, startDnsFleet } from '../../sim/dns.ts';
import type { DnsFault } from '../../sim/dns-faults.ts';
import { type ListOptions, listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { polled } from '../../support/poll.ts';

// What test/backends/faults.ts is to HTTP: one name of forty goes wrong, and the listing fails whole, and says why.

let fleet: DnsFleet;
const middle = '_metrics._tcp.service-30.fleet.test';
const names = Array.from({ length: 40 }, (_, number) => `_metrics._tcp.service-${number}.fleet.test`);
const list = (options: ListOptions = {}, nameservers = [fleet.server]) =>
  listTargets(dns, { names, nameservers }, options);
const strike = (fault: DnsFault, transport?: 'udp' | 'tcp') =>
  fleet.faults.add(fault, {
    when: (question) =>
      question.name === middle && (transport === undefined || question.transport === transport),
  });

beforeEach(async () => {
  fleet = await startDnsFleet({ seed: 'faults', services: 40, instances: 9 });
});
afterEach(() => fleet.stop());

/** The listing's error, which is one line and names the record and the server. */
async function fails(listing: Promise<unknown>) {
  const error = await failure(listing);
  expect(error.message).not.toMatch(/[\r\n]/);
  expect(error.message).toContain(`DNS lookup of ${middle} (SRV): ${middle}. at ${fleet.server}: `);
  return error;
}

test('without a fault the listing is whole, and so it is again after one', async () => {
  const before = await list();
  expect(before.groups.length).toBe(40);
  const over = strike({ kind: 'code', code: 2 });
  await fails(list());
  over();
  expect(await list()).toEqual(before);
});

describe('one answer goes wrong over UDP', () => {
  test.each<[DnsFault, string, string]>([
    [{ kind: 'code', code: 2 }, 'status', 'the answer is SERVFAIL'],
    [{ kind: 'code', code: 1 }, 'status', 'the answer is FORMERR'],
    [{ kind: 'code', code: 5 }, 'denied', 'the answer is REFUSED'],
    [{ kind: 'code', code: 11 }, 'status', 'the answer is response code 11'],
    [{ kind: 'extended', code: 16 }, 'status', 'the answer is BADVERS'],
    [{ kind: 'referral' }, 'status', 'it is not a resolver'],
    [{ kind: 'garbage' }, 'malformed', 'the answer holds a broken domain name'],
    [{ kind: 'loop' }, 'malformed', 'the answer holds a broken domain name'],
    [{ kind: 'short' }, 'malformed', 'the answer holds a broken domain name'],
    [{ kind: 'cut' }, 'malformed', 'the answer '],
  ])('%j', async (fault, kind, says) => {
    strike(fault);
    expect(await fails(list())).toEqual({ kind, message: expect.stringContaining(says) });
  });

  test.each<DnsFault>([{ kind: 'cut' }, { kind: 'short' }, { kind: 'garbage' }])(
    '%j without the mark of truncation: the answer over TCP counts',
    async (fault) => {
      const before = await list();
      strike(fault, 'udp');
      expect(await list()).toEqual(before);
    },
  );

  test('where TCP does no better, both are told', async () => {
    strike({ kind: 'short' }, 'udp');
    strike({ kind: 'cut' }, 'tcp');
    expect((await fails(list())).message).toMatch(
      /: the answer holds a broken domain name; over TCP: the connection was closed before the answer was complete$/,
    );
  });

  test.each([1, 4])('a server that answers EDNS with code %i is asked without it', async (code) => {
    const before = await list();
    fleet.faults.add({ kind: 'code', code }, { when: ({ room }) => room !== 512 });
    expect(await list()).toEqual(before);
  });

  test('with the protocol tcp no datagram is sent', async () => {
    const before = await list();
    const asked = fleet.questions.length;
    expect(await listTargets(dns, { names, nameservers: [fleet.server], protocol: 'tcp' })).toEqual(before);
    expect(new Set(fleet.questions.slice(asked).map(({ transport }) => transport))).toEqual(new Set(['tcp']));
  });

  test('no answer: the server is asked twice, within its time', async () => {
    strike({ kind: 'silence' });
    expect(await fails(list())).toEqual({
      kind: 'timeout',
      message: expect.stringMatching(/: no answer within 2s$/),
    });
    expect(fleet.questions.filter(({ name }) => name === middle).length).toBe(2);
  });

  test('one lost datagram does not matter', async () => {
    fleet.faults.add({ kind: 'silence' }, { when: ({ name }) => name === middle, times: 1 });
    expect((await list()).groups.length).toBe(40);
  });

  test('an answer that comes late, but in time, counts', async () => {
    strike({ kind: 'latency', ms: 300 });
    expect((await list()).groups.length).toBe(40);
  });

  test('forged answers are passed over, the true one counts', async () => {
    const before = await list();
    strike({ kind: 'forged' });
    expect(await list()).toEqual(before);
  });
});

describe('one answer goes wrong over TCP, to which truncation led', () => {
  beforeEach(() => {
    strike({ kind: 'truncated' }, 'udp');
  });
  afterEach(async () => {
    expect(await polled(async () => fleet.connections(), 0)).toBe(0);
  });

  test('without a fault the list is the same', async () => {
    const overTcp = await list();
    fleet.faults.clear();
    expect(await list()).toEqual(overTcp);
    expect(fleet.questions.filter(({ transport }) => transport === 'tcp').map(({ name }) => name)).toEqual([
      middle,
    ]);
  });

  test.each<[DnsFault, string, string]>([
    [{ kind: 'code', code: 2 }, 'status', 'the answer is SERVFAIL'],
    [{ kind: 'truncated' }, 'malformed', 'the answer is cut short over TCP too'],
    [{ kind: 'garbage' }, 'malformed', 'the answer holds a broken domain name'],
    [{ kind: 'short' }, 'malformed', 'the answer holds a broken domain name'],
    [{ kind: 'forged' }, 'malformed', 'the answer over TCP belongs to another query'],
    [{ kind: 'cut' }, 'unreachable', 'the connection was closed before the answer was complete'],
    [{ kind: 'silence' }, 'timeout', 'no answer within 2s'],
  ])('%j', async (fault, kind, says) => {
    strike(fault, 'tcp');
    expect(await fails(list())).toEqual({ kind, message: expect.stringContaining(says) });
  });
});

describe('no server', () => {
  test('nothing listens there', async () => {
    const [server] = [fleet.server];
    await fleet.stop();
    const error = await failure(list({}, [server]));
    fleet = await startDnsFleet({ seed: 1, services: 0, instances: 0 });
    expect(error).toEqual({
      kind: 'unreachable',
      message: expect.stringContaining(`${server}: the connection was refused: nothing listens there`),
    });
  });

  test('something else answers every datagram with noise', async () => {
    const noise = createSocket('udp4').bind(0, '127.0.0.1');
    await new Promise((resolve) => noise.once('listening', resolve));
    noise.on('message', (_message, peer) => {
      for (let count = 0; count < 20; count += 1)
        noise.send('HTTP/1.1 400 Bad Request', peer.port, peer.address);
    });
    const error = await failure(list({}, [`127.0.0.1:${noise.address().port}`]));
    await new Promise<void>((resolve) => noise.close(() => resolve()));
    expect(error.kind).toBe('timeout');
  });
});

describe('the deadline', () => {
  test.each(['udp', 'tcp'] as const)(
    'passes while %s is silent: the listing ends at once',
    async (transport) => {
      if (transport === 'tcp') strike({ kind: 'truncated' }, 'udp');
      strike({ kind: 'silence' }, transport);
      const deadline = new AbortController();
      const failing = failure(list({ signal: deadline.signal }));
      const isAsked = () =>
        fleet.questions.some((question) => question.name === middle && question.transport === transport);
      expect(await polled(async () => isAsked(), true)).toBe(true);
      deadline.abort();
      expect(await failing).toEqual({
        kind: 'timeout',
        message: expect.stringContaining('the deadline passed'),
      });
      expect(await polled(async () => fleet.connections(), 0)).toBe(0);
    },
  );

  test('the reason of whoever ends the listing is passed on', async () => {
    strike({ kind: 'silence' });
    const stop = new AbortController();
    const failing = failure(list({ signal: stop.signal }));
    stop.abort(new MusterError('conflict', 'another run was first'));
    expect(await failing).toEqual({ kind: 'conflict', message: 'another run was first' });
  });
});
