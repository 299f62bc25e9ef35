import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nerve, serverset } from '../../lib/backends/zookeeper/index.ts';
import { startZookeeperFleet, type ZookeeperFleet } from '../sim/zookeeper.ts';
import { makeZookeeperWorld } from '../sim/zookeeper-world.ts';
import { listTargets } from '../support/discover.ts';
import { polled } from '../support/poll.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { discoverWithPromtool, targetTexts } from '../support/promtool.ts';
import { type RealZookeeper, startZookeeper } from '../support/zookeeper.ts';

/** What no writer should write, and some do. */
const odd: readonly (string | Uint8Array)[] = [
  '{"serviceEndpoint":{"host":"a","port":1},"additionalEndpoints":{},"status":"ALIVE"}',
  '{"ServiceEndpoint":{"Host":"b","PORT":2},"ADDITIONALENDPOINTS":{"x":{"hOst":"c","port":3}},"Status":"DEAD","SHARD":4}',
  '{"\u017ferviceEndpoint":{"ho\u017ft":"kelvin","port":2},"\u017ftatus":"long s"}',
  '{"serviceEndpoint":null,"additionalEndpoints":null,"status":null,"shard":null}',
  '{"additionalEndpoints":{"n":null,"__proto__":{"host":"p","port":1},"":{"host":"e"},"a.b-c/d":{"port":9}}}',
  '{"serviceEndpoint":{"host":"fe80::1%eth0","port":-1},"shard":-7,"more":[1,{"deep":true}]}',
  '{"serviceEndpoint":{"host":"q\\"\\n\\u00fc\\ud83d\\ude00\\ud800","port":0},"status":"ü \\\\"}',
  '{"serviceEndpoint":{"host":"a","port":99999999999}}',
  new Uint8Array([...Buffer.from('{"status":"'), 0xff, ...Buffer.from('"}')]),
  '{"host":"h","port":80,"name":"n"}',
  '{"HOST":"h","Port":81,"NAME":"n","weight":1,"labels":{"a":"b"}}',
  '{"host":null,"name":"only"}',
  ...[
    'null',
    '{}',
    ' {} ',
    '[]',
    '1',
    '"x"',
    'true',
    '',
    ' ',
    '{',
    '{} {}',
    'not json',
    '\ufeff{}',
    "{'a':1}",
  ],
  ...[
    '{"serviceEndpoint":"a"}',
    '{"shard":"1"}',
    '{"shard":1.5}',
    '{"status":1}',
    '{"port":"80"}',
    '{"host":1}',
  ],
  ...[
    '{"additionalEndpoints":[]}',
    '{"additionalEndpoints":{"x":1}}',
    '{"serviceEndpoint":[]}',
    '{"name":{}}',
  ],
];
const names = ['plain', 'per%cent', 'two words', 'größe', 'dots.in.it', '...', 'q?#&"', 'member_0000000001'];

const nodes: readonly (readonly [string, string | Uint8Array])[] = [
  ['/odd', '{"host":"root of it","port":1}'],
  ...odd.map((data, index) => [`/odd/${index}`, data] as const),
  ['/odd/branch', '{"serviceEndpoint":{"host":"branch","port":1},"host":"branch"}'],
  ['/odd/branch/empty', ''],
  ...names.map((name, index) => [`/odd/branch/empty/${name}`, `{"port":${index}}`] as const),
  ['/empty', ''],
  ['/secret', ''],
];

const runs = [
  ['serverset', serverset, '/serversets'],
  ['nerve', nerve, '/nerve'],
] as const;

describeWithPrograms(
  'ZooKeeper, as a real Prometheus sees the same server',
  ['zookeeper', 'java', 'promtool'],
  () => {
    const world = makeZookeeperWorld({ seed: 'labels', services: 30, members: 12 });
    let real: RealZookeeper;
    let fleet: ZookeeperFleet;
    beforeAll(async () => {
      [real, fleet] = await Promise.all([
        startZookeeper(),
        startZookeeperFleet({ seed: 'labels', services: 30, members: 12 }),
      ]);
      await real.create([...world].filter(([path]) => path !== '/'));
      await real.create(nodes);
      await real.create([['/secret/member', '{}']], { readable: false });
    });
    afterAll(async () => {
      await Promise.all([real?.stop(), fleet?.stop()]);
    });

    test.each(runs)('every %s target has the same labels', async (name, mechanism, path) => {
      const list = async (server: string, paths: readonly string[]) => {
        const { groups } = await listTargets(mechanism, { servers: [server], paths });
        const ours = targetTexts(groups);
        const stanza = { [`${name}_sd_configs`]: [{ servers: [server], paths }] };
        return [ours, await discoverWithPromtool(stanza, ours.length)];
      };
      const found = await Promise.all([
        list(real.server, [path]),
        list(real.server, ['/odd', '/empty', '/missing']),
        list(real.server, [`${path}/service-3`, `${path}/service-4`, `${path}/service-3`]),
        list(fleet.server, [path]),
      ]);
      for (const [ours, theirs] of found) expect(theirs).toEqual(ours);
      expect(found.map(([ours = []]) => ours.length > 5)).toEqual([true, true, true, true]);
      expect(found[3]).toEqual(found[0]);
    });

    test('odd nodes are told of, and the path that is not there', async () => {
      const { warnings } = await listTargets(nerve, { servers: [real.server], paths: ['/odd', '/missing'] });
      expect(warnings).toEqual([
        'ZooKeeper has no node /missing: no targets come from there',
        expect.stringMatching(/^ZooKeeper: left out \/odd\/\d+, .* and \d+ more: not the JSON of a member$/),
      ]);
    });

    test('a node that may not be read fails the listing', async () => {
      await expect(
        listTargets(nerve, { servers: [real.server], paths: ['/nerve', '/secret'] }),
      ).rejects.toMatchObject({
        kind: 'denied',
        message: `ZooKeeper ${real.server}: /secret/member may not be read: give world:anyone the right to read`,
      });
    });

    test('changes are seen at once, and no session or connection is left behind', async () => {
      const path = '/serversets/service-1';
      const list = async () =>
        (await listTargets(serverset, { servers: [real.server], paths: [path] })).groups.map(
          ({ source }) => source,
        );
      const before = await list();
      await real.create([[`${path}/member_new`, '{}']]);
      const grown = await list();
      await real.remove([`${path}/member_new`]);
      expect([grown.filter((source) => !before.includes(source)), await list()]).toEqual([
        [`${path}/member_new`],
        before,
      ]);
      const none = { connections: 0, sessions: 0 };
      expect(await polled(() => real.counts(), none)).toEqual(none);
    });

    test('a server that is not there, or is not ZooKeeper, is passed over', async () => {
      await using stack = new AsyncDisposableStack();
      const other = stack.adopt(await startZookeeperFleet({ seed: 1, services: 0, members: 0 }), (each) =>
        each.stop(),
      );
      other.faults.add({ kind: 'html' });
      const servers = ['127.0.0.1:1', other.server, real.server];
      for (let tries = 0; tries < 5; tries += 1) {
        const { groups } = await listTargets(nerve, { servers, paths: ['/nerve'] });
        expect(groups.length).toBeGreaterThan(50);
      }
    });
  },
);
