import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { nerve, serverset } from '../../../lib/backends/zookeeper/index.ts';
import { startZookeeperFleet, type ZookeeperFleet } from '../../sim/zookeeper.ts';
import { type ListOptions, listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { polled } from '../../support/poll.ts';

let fleet: ZookeeperFleet;
const tree: readonly (readonly [string, string])[] = [
  ['/', ''],
  ['/a', ''],
  ['/a/web', '10.0.0.1'],
  ['/a/web/1', '{"host":"h1","port":1}'],
  ['/a/web/2', '{"host":"h2","port":2}'],
  ['/a/db', '{"host":"h3","port":3}'],
  ['/a/db/deep', ''],
  ['/a/db/deep/4', '{"host":"h4","port":4}'],
  ['/a/odd', 'x'],
  ['/b', '{"host":"h5","port":5}'],
];

beforeEach(async () => {
  fleet = await startZookeeperFleet({ seed: 1, services: 0, members: 0 });
  fleet.replace(new Map(tree));
});
afterEach(async () => {
  // No connection is left open and no session unclosed, whatever the test was.
  expect(await polled(async () => [fleet.connections(), fleet.leftSessions()], [0, 0])).toEqual([0, 0]);
  await fleet.stop();
});

const list = (paths: readonly string[], options: ListOptions = {}) =>
  listTargets(nerve, { servers: [fleet.server], paths }, options);
const sources = async (paths: readonly string[]) =>
  (await list(paths)).groups.map(({ source }) => source).sort();

describe('what is found', () => {
  test('every node with a member, at any depth, the path itself among them', async () => {
    const { groups, warnings, progress, cursor } = await list(['/a', '/b']);
    expect(groups.map(({ source, targets }) => [source, targets[0]?.__address__]).sort()).toEqual([
      ['/a/db', 'h3:3'],
      ['/a/db/deep/4', 'h4:4'],
      ['/a/web/1', 'h1:1'],
      ['/a/web/2', 'h2:2'],
      ['/b', 'h5:5'],
    ]);
    expect([warnings, progress.at(-1), cursor]).toEqual([
      ['ZooKeeper: left out /a/odd: not the JSON of a member'],
      { read: 9 },
      '["/a","/b"]',
    ]);
  });

  test.each([
    [['/a/web'], ['/a/web/1', '/a/web/2']],
    [
      ['/a/web', '/a/web', '/a/web/1'],
      ['/a/web/1', '/a/web/1', '/a/web/2'],
    ],
    [['/'], ['/a/db', '/a/db/deep/4', '/a/web/1', '/a/web/2', '/b']],
    [['/a/db/deep/4'], ['/a/db/deep/4']],
  ])('below %j: %j', async (paths, found) => {
    expect(await sources(paths)).toEqual(found);
  });

  test('a path that is not there has no targets, and the operator is told; the others have theirs', async () => {
    const { groups, warnings } = await list(['/gone', '/b']);
    expect([groups.length, warnings]).toEqual([
      1,
      ['ZooKeeper has no node /gone: no targets come from there'],
    ]);
  });

  test('a path that was there and is gone was perhaps not seen, as long as that lasts', async () => {
    const first = await list(['/a', '/b', '/gone']);
    fleet.replace(new Map(tree.filter(([path]) => !path.startsWith('/a'))));
    const second = await list(['/a', '/b', '/gone'], { cursor: first.cursor ?? '' });
    const third = await list(['/a', '/b', '/gone'], { cursor: second.cursor ?? '' });
    const reason = 'the path /a existed before, and ZooKeeper now says that it does not';
    for (const { listed, groups } of [second, third]) {
      expect(groups.map(({ source }) => source)).toEqual(['/b']);
      expect(['/a/web/1', '/a', '/ab/1', '/b', '/gone/1'].map((source) => listed?.unseen?.(source))).toEqual([
        reason,
        reason,
        undefined,
        undefined,
        undefined,
      ]);
    }
    fleet.replace(new Map(tree));
    const back = await list(['/a', '/b', '/gone'], { cursor: third.cursor ?? '' });
    expect(back.listed).toEqual({ cursor: '["/a","/b"]' });
  });

  test('members that leave a path which stays have left', async () => {
    const { cursor = '' } = await list(['/a', '/b']);
    fleet.replace(new Map([...tree].filter(([path]) => path === '/' || path === '/a' || path === '/b')));
    const { listed } = await list(['/a', '/b'], { cursor });
    expect(listed).toEqual({ cursor: '["/a","/b"]' });
  });

  test('a node that goes away while its siblings are read is no part of the tree', async () => {
    fleet.faults.add({ kind: 'error', code: -101 }, { when: ({ path }) => path === '/a/web/1' });
    fleet.faults.add(
      { kind: 'error', code: -101 },
      { when: ({ path, operation }) => path === '/a/db' && operation === 'getChildren' },
    );
    const { groups, warnings } = await list(['/a']);
    expect(groups.map(({ source }) => source).sort()).toEqual(['/a/db', '/a/web/2']);
    expect(warnings).toEqual(['ZooKeeper: left out /a/odd: not the JSON of a member']);
  });

  test('a large tree is read whole, in one session', async () => {
    const large = await startZookeeperFleet({ seed: 7, services: 100, members: 40 });
    const { groups } = await listTargets(serverset, { servers: [large.server], paths: ['/serversets'] });
    const members = [...large.world().keys()].filter((path) => path.includes('/member_'));
    const asked = Map.groupBy(large.requests, ({ operation }) => operation);
    await large.stop();
    expect(members.length).toBeGreaterThan(1000);
    expect(groups.map(({ source }) => source).sort()).toEqual(members.sort());
    expect(Object.fromEntries([...asked].map(([operation, all]) => [operation, all.length]))).toEqual({
      connect: 1,
      sync: 1,
      getData: members.length + 101,
      getChildren: 101,
      closeSession: 1,
    });
  });
});

describe('several servers', () => {
  let second: ZookeeperFleet;
  beforeEach(async () => {
    second = await startZookeeperFleet({ seed: 1, services: 0, members: 0 });
    second.replace(new Map(tree));
  });
  afterEach(() => second.stop());
  const both = (timeout = '10s') =>
    listTargets(nerve, { servers: [fleet.server, second.server], paths: ['/a'], timeout });

  test('each has its share of the sessions', async () => {
    for (let count = 0; count < 30; count += 1) await both();
    expect([fleet.requests.length, second.requests.length].every((count) => count > 0)).toBe(true);
  });

  test.each([
    ['connect', { kind: 'html' }],
    ['connect', { kind: 'refused' }],
    ['connect', { kind: 'closed' }],
    ['connect', { kind: 'silence' }],
    ['sync', { kind: 'silence' }],
    ['getData', { kind: 'cut' }],
    ['getData', { kind: 'truncated' }],
    ['getChildren', { kind: 'closed' }],
  ] as const)('when one fails at %s with %j, the whole is read from the other', async (operation, fault) => {
    fleet.faults.add(fault, { when: (request) => request.operation === operation });
    const { groups } = await listTargets(nerve, { servers: [second.server], paths: ['/a'] });
    // A silent server is given up after this, and a busy machine may need as long.
    const listings = await Promise.all(Array.from({ length: 6 }, () => both('3s')));
    expect(listings.map((listing) => new Set(listing.groups))).toEqual(listings.map(() => new Set(groups)));
  });

  test('one that hangs takes its share of the time, and the operator is told', async () => {
    fleet.faults.add({ kind: 'silence' }, { when: ({ operation }) => operation === 'getData' });
    const warnings: string[] = [];
    const draw = Math.random;
    let last = 0;
    // The servers keep their order: the first has half of the time. The last one has no limit but the signal, which does not fire.
    Math.random = () => (last += 0.01);
    try {
      const options = { deadline: Date.now() + 1000 };
      const servers = [fleet.server, second.server];
      const listing = await listTargets(nerve, { servers, paths: ['/b'], timeout: '1h' }, options);
      expect(listing.groups.map(({ source }) => source)).toEqual(['/b']);
      warnings.push(...listing.warnings);
    } finally {
      Math.random = draw;
    }
    const share = 'no whole answer within \\d+ ms, its share of the time; another server answered';
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^ZooKeeper ${fleet.server}: ${share}$`))]);
  });

  test('what one refuses, the other is not asked for', async () => {
    for (const each of [fleet, second])
      each.faults.add({ kind: 'error', code: -102 }, { when: ({ path }) => path === '/a' });
    expect((await failure(both())).kind).toBe('denied');
    expect(
      [...fleet.requests, ...second.requests].filter(({ operation }) => operation === 'connect').length,
    ).toBe(1);
  });
});
