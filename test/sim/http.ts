import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../lib/sim/faults.ts';
import { type Random, seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';

/** A group as the endpoint writes it. */
interface HttpGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

interface HttpWorld {
  readonly groups: readonly HttpGroup[];
}

export interface HttpFleetOptions extends FleetServerOptions {
  readonly seed: number | string;
  readonly groups: number;
  /** Ask for this bearer token. */
  readonly token?: string;
}

/** A running simulated endpoint. */
export interface HttpFleet extends FleetServer {
  /** The URL of its list. */
  readonly list: string;
  world(): HttpWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: HttpWorld): void;
}

/** Where the list is. */
const listPath = '/v1/targets';

/** An endpoint for http_sd on loopback with seeded groups, for the demo, the tests and the bench. */
export async function startHttpFleet(options: HttpFleetOptions): Promise<HttpFleet> {
  const { seed, groups: count, token } = options;
  const random = seededRandom(seed);
  let world: HttpWorld = {
    groups: Array.from({ length: count }, (_, number) => makeGroup(random.fork(`group-${number}`), number)),
  };
  const churn = seededRandom(`${seed}/churn`);
  const server = await startFleetServer((request) => answer(world, token, request), options);
  return {
    ...server,
    list: server.url + listPath,
    world: () => world,
    mutate(times = 1) {
      const changes: string[] = [];
      for (let done = 0; done < times; done += 1) {
        const { groups, change } = changeOne(world.groups, churn);
        world = { groups };
        changes.push(change);
      }
      return changes;
    },
    replace(next) {
      world = next;
    },
  };
}

function answer(world: HttpWorld, token: string | undefined, request: FleetRequest): FleetAnswer {
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
    return { status: 401, ...jsonAnswer({ error: 'unauthorized' }) };
  if (request.path !== listPath) return { status: 404, ...jsonAnswer({ error: 'not found' }) };
  return jsonAnswer(world.groups);
}

const labelSets = [
  { env: 'prod', team: 'platform' },
  { env: 'test', empty: '', __meta_datacenter: 'eu-1' },
  { note: 'a "b"\n\\c', ключ: 'значение', 'with.dot': 'x' },
  {},
];

/** A group with labels of its own, or with those of several others. */
function makeGroup(random: Random, number: number): HttpGroup {
  const shared = random.pick(labelSets);
  const labels = random.chance(0.7) ? { ...shared, group: `group-${number}` } : shared;
  const targets = Array.from({ length: random.integer(0, 6) }, () => makeAddress(random));
  return { labels, targets };
}

function makeAddress(random: Random): string {
  const host = random.integer(1, 250);
  const name = random.chance(0.2) ? `[2001:db8::${host.toString(16)}]` : `node-${host}.example`;
  return random.chance(0.1) ? name : `${name}:${random.integer(1024, 65_535)}`;
}

function changeOne(
  groups: readonly HttpGroup[],
  random: Random,
): { readonly groups: readonly HttpGroup[]; readonly change: string } {
  const kind = groups.length === 0 ? 'add' : random.pick(['add', 'remove', 'scale']);
  const at = random.integer(0, Math.max(groups.length - 1, 0));
  if (kind === 'add') {
    const group = makeGroup(random, random.integer(1_000_000, 999_999_999));
    return { groups: groups.toSpliced(at, 0, group), change: `group ${at} added` };
  }
  if (kind === 'remove') return { groups: groups.toSpliced(at, 1), change: `group ${at} removed` };
  const scaled = groups.map((group, index) =>
    index === at ? { ...group, targets: [...group.targets, makeAddress(random)] } : group,
  );
  return { groups: scaled, change: `group ${at} has another target` };
}
