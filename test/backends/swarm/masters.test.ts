import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { swarm } from '../../../lib/backends/swarm/index.ts';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import type { Loaded } from '../../../lib/cycle/load.ts';
import type { Provider } from '../../../lib/cycle/provider.ts';
import { startFleetServer } from '../../../lib/sim/server.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import { type SwarmFleet, startSwarmFleet } from '../../sim/swarm.ts';
import { swarmStyles } from '../../sim/swarm-rows.ts';
import { listTargets } from '../../support/discover.ts';
import { failure } from '../../support/http-client.ts';
import { expectedGroups } from './expected.ts';

let fleets: readonly SwarmFleet[];
/** Base URLs of the three masters of one cluster. */
let masters: readonly string[];

beforeEach(async () => {
  const size = { seed: 'masters', nodes: 5 };
  fleets = await Promise.all([0, 1, 2].map(() => startSwarmFleet(size)));
  masters = fleets.map(({ url }) => url);
});
afterEach(() => Promise.all(fleets.map((fleet) => fleet.stop())));

const list = (cursor?: string) => listTargets(swarm, { masters }, cursor === undefined ? {} : { cursor });
const fault = (index: number) => fleets[index]?.faults.add({ kind: 'status', status: 500 });

/** How often each master was asked. */
const asked = () => fleets.map(({ requests }) => requests.length);

/** The role that each master's target has. */
const rolesOf = ({ groups }: Awaited<ReturnType<typeof list>>) =>
  groups[0]?.targets.map((target) => target.__meta_swarm_role);

describe('masters', () => {
  test('the first one is asked, once, and remembered', async () => {
    const [fleet] = fleets;
    const [url = ''] = masters;
    if (fleet === undefined) throw new Error('there are three');
    const { groups, ...rest } = await listTargets(swarm, { masters: [url] });
    expect(rest).toEqual({
      listed: { cursor: url },
      cursor: url,
      warnings: [],
      progress: [{ read: 6, total: 6 }],
    });
    expect(groups).toEqual(expectedGroups(fleet.world(), swarmStyles['1.2'], url));
    expect(fleet.requests.map(({ path }) => path)).toEqual(['/info']);
  });

  test('only of itself a master says what it is', async () => {
    expect(rolesOf(await list())).toEqual(['primary', 'master', 'master']);
    expect(rolesOf(await list(masters[2]))).toEqual(['master', 'master', 'primary']);
    const [, replica] = fleets;
    replica?.replace({ ...replica.world(), primary: '10.0.0.1:3375' });
    expect(rolesOf(await list(masters[1]))).toEqual(['master', 'replica', 'master']);
  });

  test('the next one is asked when one fails, without a second try, and the operator is told', async () => {
    fault(0);
    fault(1);
    const { cursor, warnings } = await list();
    expect(cursor).toBe(masters[2]);
    expect(warnings).toEqual(
      [0, 1].map(
        (index) =>
          `GET ${masters[index]}/info: HTTP 500 Internal Server Error: simulated fault 500; another server answered`,
      ),
    );
    expect(asked()).toEqual([1, 1, 1]);
  });

  test('the one that worked is asked first, then those after it, then those before it', async () => {
    await list(masters[1]);
    expect(asked()).toEqual([0, 1, 0]);
    fault(1);
    fault(2);
    expect((await list(masters[1])).cursor).toBe(masters[0]);
    expect(asked()).toEqual([1, 2, 1]);
  });

  test('one that is remembered but no longer configured is not asked', async () => {
    expect((await list('http://10.0.0.9:3375')).cursor).toBe(masters[0]);
    expect(asked()).toEqual([1, 0, 0]);
  });

  test('a master that hangs takes its share of the time, and no more', async () => {
    fleets[0]?.faults.add({ kind: 'hang' });
    const two = masters.slice(0, 2);
    // The first has half of this. The last one has no limit but the signal, which does not fire here.
    const { cursor, warnings } = await listTargets(swarm, { masters: two }, { deadline: Date.now() + 1000 });
    expect(cursor).toBe(masters[1]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^GET .*\/info: no whole answer within \d+ ms, its share of the time; another server answered$/,
      ),
    ]);
  });

  test('when none answers, the error says it of each', async () => {
    fault(0);
    fleets[1]?.faults.add({ kind: 'html' });
    await fleets[2]?.stop();
    const { kind, message } = await failure(list());
    expect(kind).toBe('status');
    expect(message).toBe(
      `none of 3 servers answered: GET ${masters[0]}/info: HTTP 500 Internal Server Error: simulated fault 500; ` +
        `GET ${masters[1]}/info: expected JSON, got text/html; ` +
        `GET ${masters[2]}/info: the connection was refused: nothing listens there (ECONNREFUSED) (tried 3 times)`,
    );
  });

  test('an answer that contradicts itself fails the cycle, and no other master is asked', async () => {
    fleets[0]?.faults.add({
      kind: 'json',
      value: {
        SystemStatus: [
          ['Nodes', '2'],
          [' a', 'a:2375'],
        ],
      },
    });
    expect(await failure(list())).toEqual({
      kind: 'malformed',
      message: `GET ${masters[0]}/info: SystemStatus[0] (Nodes): says 2, but 1 follow`,
    });
    expect(asked()).toEqual([1, 0, 0]);
  });

  test('behind a gateway the path stays in front', async () => {
    const gateway = await startFleetServer(() => ({ body: '{"DriverStatus": [["Nodes", "0"]]}' }));
    const { groups } = await listTargets(swarm, { masters: [`${gateway.url}/swarm/`] });
    await gateway.stop();
    expect(gateway.requests.map(({ path }) => path)).toEqual(['/swarm/info']);
    expect(groups.map(({ source, targets }) => [source, targets.length])).toEqual([
      ['masters', 1],
      ['nodes', 0],
    ]);
  });

  test('metrics_port is the port of the nodes', async () => {
    const { groups } = await listTargets(swarm, { masters, metrics_port: 9100 });
    expect(groups[1]?.targets.map((target) => target.__address__?.replace(/.*:/, ''))).toEqual(
      Array.from({ length: 5 }, () => '9100'),
    );
  });
});

describe('from cycle to cycle', () => {
  /** A provider as the functions run it. */
  const provider = (): Provider => ({
    job: 'swarm',
    provider: 'swarm-0',
    guard: { max_removed: 0.5, min_targets: 10, confirm_after: 900_000, confirm_empty_after: 3_600_000 },
    shards: 1,
    deadline: 10_000,
    async *discover(input) {
      const { groups, listed } = await listTargets(swarm, { masters }, input);
      yield groups;
      return listed;
    },
  });

  test('the master that worked is remembered in the store: a function that starts anew asks it first', async () => {
    const store = createMemoryStore();
    const cycle = (run: string) => runCycle(provider(), { store, run, now: () => new Date() });
    fault(0);
    expect((await cycle('1')).outcome).toBe('published');
    expect(asked()).toEqual([1, 1, 0]);
    expect((await cycle('2')).outcome).toBe('unchanged');
    expect(asked()).toEqual([1, 2, 0]);
    fault(1);
    expect((await cycle('3')).outcome).toBe('published');
    expect((await cycle('4')).outcome).toBe('unchanged');
    expect(asked()).toEqual([1, 3, 2]);
  });

  test('a warm function remembers it too when no label that is published has changed', async () => {
    const store = createMemoryStore();
    const addresses: Provider = {
      ...provider(),
      transform: ({ source, targets }) => ({
        source,
        labels: {},
        targets: targets.map(({ __address__ = '' }) => ({ __address__ })),
      }),
    };
    let loaded: Loaded | undefined;
    const cycle = async (run: string) => {
      const input = { store, run, now: () => new Date(), warm: loaded };
      const result = await runCycle(addresses, input);
      loaded = result.loaded;
      return result.outcome;
    };
    expect(await cycle('1')).toBe('published');
    fault(0);
    expect([await cycle('2'), asked()]).toEqual(['unchanged', [2, 1, 0]]);
    expect([await cycle('3'), asked()]).toEqual(['unchanged', [2, 2, 0]]);
  });
});
