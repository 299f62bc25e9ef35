import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { serverset } from '../../../lib/backends/zookeeper/index.ts';
import { openSession } from '../../../lib/backends/zookeeper/session.ts';
import { MusterError } from '../../../lib/base/errors.ts';
import { startZookeeperFleet, type ZookeeperFleet } from '../../sim/zookeeper.ts';
import type { ZookeeperFault } from '../../sim/zookeeper-faults.ts';
import { type ListOptions, listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { polled } from '../../support/poll.ts';

// What test/backends/faults.ts is to HTTP: one node in the middle goes wrong, and the listing fails whole, and says why.

let fleet: ZookeeperFleet;
const middle = '/serversets/service-30';
const list = (options: ListOptions = {}, timeout = '10s') =>
  listTargets(serverset, { servers: [fleet.server], paths: ['/serversets'], timeout }, options);
const strike = (fault: ZookeeperFault, operation = 'getData') =>
  fleet.faults.add(fault, {
    when: (request) =>
      request.operation === operation &&
      (request.path === middle || !['getData', 'getChildren'].includes(operation)),
  });

beforeEach(async () => {
  fleet = await startZookeeperFleet({ seed: 'faults', services: 40, members: 5 });
});
afterEach(async () => {
  expect(await polled(async () => fleet.connections(), 0)).toBe(0);
  await fleet.stop();
});

/** The listing's error, which is one line and names the server. */
async function fails(listing: Promise<unknown>) {
  const error = await failure(listing);
  expect(error.message).not.toMatch(/[\r\n]/);
  expect(error.message.startsWith(`ZooKeeper ${fleet.server}: `)).toBe(true);
  return { ...error, message: error.message.slice(`ZooKeeper ${fleet.server}: `.length) };
}

test('without a fault the listing is whole, and so it is again after one', async () => {
  const sorted = async () => (await list()).groups.toSorted((a, b) => (a.source < b.source ? -1 : 1));
  const before = await sorted();
  expect(before.length).toBeGreaterThan(80);
  const over = strike({ kind: 'error', code: -102 });
  await fails(list());
  over();
  expect(await sorted()).toEqual(before);
  expect(await polled(async () => fleet.leftSessions(), 0)).toBe(0);
});

const notZookeeper = 'the server there does not speak ZooKeeper';
/** Which of them it is depends on who notices first. */
const closed = expect.stringMatching(/^the connection was (?:closed|reset) before /);
const brokenOff = 'the answer ends too early: it is cut off, or the server is not ZooKeeper';

describe('an answer in the middle', () => {
  test.each<[ZookeeperFault, string, unknown]>([
    [
      { kind: 'error', code: -102 },
      'denied',
      `${middle} may not be read: give world:anyone the right to read`,
    ],
    [
      { kind: 'error', code: -115 },
      'denied',
      `${middle} may not be read: give world:anyone the right to read`,
    ],
    [{ kind: 'error', code: -112 }, 'expired', `${middle} cannot be read: the session has expired`],
    [{ kind: 'error', code: -6 }, 'status', `${middle} cannot be read: error -6`],
    [{ kind: 'truncated' }, 'malformed', brokenOff],
    [{ kind: 'stranger' }, 'malformed', 'an answer to a request that was not sent'],
    [{ kind: 'negative' }, 'malformed', notZookeeper],
    [{ kind: 'cut' }, 'unreachable', closed],
    [{ kind: 'closed' }, 'unreachable', closed],
    [
      { kind: 'huge', bytes: 2 ** 30 },
      'too-large',
      `an answer of ${2 ** 30} bytes is over the limit of ${32 * 2 ** 20} bytes`,
    ],
    [
      { kind: 'html' },
      'too-large',
      `an answer of 1213486160 bytes is over the limit of ${32 * 2 ** 20} bytes`,
    ],
  ])('%j', async (fault, kind, message) => {
    strike(fault);
    expect(await fails(list())).toEqual({ kind, message });
  });

  test.each(['silence', 'stall'] as const)('%s: the server is given up after its time', async (kind) => {
    strike({ kind });
    expect(await fails(list({}, '250ms'))).toEqual({ kind: 'timeout', message: 'no answer within 250ms' });
  });

  test('an answer that comes late, but in time, counts', async () => {
    strike({ kind: 'latency', ms: 300 });
    expect((await list()).groups.length).toBeGreaterThan(80);
  });

  test('children that may not be listed, and a server that lags and does not catch up', async () => {
    const over = strike({ kind: 'error', code: -102 }, 'getChildren');
    expect((await fails(list())).kind).toBe('denied');
    over();
    strike({ kind: 'silence' }, 'sync');
    expect((await fails(list({}, '250ms'))).kind).toBe('timeout');
  });

  test('more than the session may read in all is refused, though each answer is small', async () => {
    fleet.replace(new Map([['/', ' '.repeat(2 ** 10)]]));
    const signal = new AbortController().signal;
    const [host = '', port] = fleet.server.split(':');
    const session = await openSession(
      { host, port: Number(port) },
      { timeout: 5000, signal, maxBytes: 2 ** 20 },
    );
    const reading = Array.from({ length: 1100 }, () => session.read('/'));
    expect(await fails(Promise.all(reading))).toEqual({
      kind: 'too-large',
      message: `its answers are over the limit of ${2 ** 20} bytes in all`,
    });
    expect(
      (await Promise.allSettled(reading)).filter(({ status }) => status === 'fulfilled').length,
    ).toBeLessThan(1024);
    await session.close();
  });
});

describe('the greeting', () => {
  test.each<[ZookeeperFault, string, unknown]>([
    [{ kind: 'refused' }, 'expired', 'the server refuses a session'],
    [{ kind: 'closed' }, 'unreachable', closed],
    [{ kind: 'cut' }, 'unreachable', closed],
    [{ kind: 'truncated' }, 'malformed', brokenOff],
    [{ kind: 'negative' }, 'malformed', notZookeeper],
    [{ kind: 'html' }, 'malformed', notZookeeper],
    [{ kind: 'huge', bytes: 2 ** 30 }, 'malformed', notZookeeper],
  ])('%j', async (fault, kind, message) => {
    strike(fault, 'connect');
    expect(await fails(list())).toEqual({ kind, message });
  });

  test('silence', async () => {
    strike({ kind: 'silence' }, 'connect');
    expect(await fails(list({}, '250ms'))).toEqual({ kind: 'timeout', message: 'no answer within 250ms' });
  });

  test('nobody listens', async () => {
    const { server } = fleet;
    await fleet.stop();
    const error = await failure(listTargets(serverset, { servers: [server, '[::1]:1'], paths: ['/a'] }));
    fleet = await startZookeeperFleet({ seed: 1, services: 0, members: 0 });
    expect(error.kind).toBe('unreachable');
    const refused = 'the connection was refused: nothing listens there \\(ECONNREFUSED\\)';
    for (const each of [server, '\\[::1\\]:1'])
      expect(error.message).toMatch(new RegExp(`ZooKeeper ${each}: ${refused}`));
  });
});

describe('the deadline', () => {
  test.each(['connect', 'sync', 'getData'])(
    'passes while %s is unanswered: the listing ends at once',
    async (operation) => {
      strike({ kind: 'silence' }, operation);
      const deadline = new AbortController();
      const failing = failure(list({ signal: deadline.signal }));
      const isAsked = () => fleet.requests.some((request) => request.operation === operation);
      expect(await polled(async () => isAsked(), true)).toBe(true);
      deadline.abort();
      expect(await failing).toEqual({
        kind: 'timeout',
        message: expect.stringContaining('the deadline passed'),
      });
      // A session that was open is closed even so.
      expect(await polled(async () => fleet.leftSessions(), 0)).toBe(0);
    },
  );

  test('the reason of whoever ends the listing is passed on, also when it has ended before', async () => {
    const stop = new AbortController();
    stop.abort(new MusterError('conflict', 'another run was first'));
    expect(await failure(list({ signal: stop.signal }))).toEqual({
      kind: 'conflict',
      message: 'another run was first',
    });
    expect(fleet.requests).toEqual([]);
  });
});
