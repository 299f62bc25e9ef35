import { describe, expect, test } from '@jest/globals';
import { nerve, serverset } from '../../lib/backends/zookeeper/index.ts';
import { listTargets } from '../support/discover.ts';
import { startZookeeperFleet } from './zookeeper.ts';

const size = { seed: 5, services: 10, members: 8 };

// Beside a real server it stands in test/e2e/zookeeper-labels.test.ts.
describe('a simulated ZooKeeper', () => {
  test('the same seed gives the same world and the same changes, another seed others', async () => {
    const fleets = await Promise.all([5, 5, 6].map((seed) => startZookeeperFleet({ ...size, seed })));
    const lives = fleets.map((fleet) =>
      JSON.stringify([[...fleet.world()], fleet.mutate(20), [...fleet.world()]]),
    );
    await Promise.all(fleets.map((fleet) => fleet.stop()));
    expect(lives[0]).toBe(lives[1]);
    expect(lives[0]).not.toBe(lives[2]);
  });

  test('a mutation shows in the next listing', async () => {
    const fleet = await startZookeeperFleet(size);
    const list = async () => {
      const stanza = (path: string) => ({ servers: [fleet.server], paths: [path] });
      const listings = await Promise.all([
        listTargets(serverset, stanza('/serversets')),
        listTargets(nerve, stanza('/nerve')),
      ]);
      return listings.flatMap(({ groups }) => groups.map(({ source }) => source)).sort();
    };
    const before = await list();
    const changes = fleet.mutate(9);
    const after = await list();
    await fleet.stop();
    expect(changes.length).toBe(9);
    expect(after).not.toEqual(before);
  });

  test('every node has its parent, however many changes there were, and the world never runs out', async () => {
    const fleet = await startZookeeperFleet({ ...size, services: 0 });
    fleet.mutate(200);
    const paths = [...fleet.world().keys()].filter((path) => path !== '/');
    await fleet.stop();
    const orphans = paths.filter((path) => !fleet.world().has(path.slice(0, path.lastIndexOf('/')) || '/'));
    expect(orphans).toEqual([]);
    expect(paths.filter((path) => path.includes('/member_')).length).toBeGreaterThan(0);
  });
});
