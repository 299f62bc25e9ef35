import { type FleetAnswer, type FleetRequest, jsonAnswer } from '../../lib/sim/faults.ts';
import { type Random, seededRandom } from '../../lib/sim/random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from '../../lib/sim/server.ts';

/** One instance of a service, as Nomad's API writes it. */
interface NomadRegistration {
  readonly ID: string;
  readonly ServiceName: string;
  readonly Namespace: string;
  readonly NodeID: string;
  readonly Datacenter: string;
  readonly JobID: string;
  readonly AllocID: string;
  readonly Tags: readonly string[] | null;
  readonly Address: string;
  readonly Port: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

interface NomadWorld {
  readonly registrations: readonly NomadRegistration[];
}

export interface NomadFleetOptions extends FleetServerOptions {
  readonly seed: number | string;
  readonly services: number;
  /** Ask for this ACL token. */
  readonly token?: string;
  /** The region. Default `global`. */
  readonly region?: string | undefined;
}

/** A running simulated Nomad. */
export interface NomadFleet extends FleetServer {
  world(): NomadWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: NomadWorld): void;
}

/** A Nomad on loopback with seeded services in two namespaces, for the demo, the tests and the bench. */
export async function startNomadFleet(options: NomadFleetOptions): Promise<NomadFleet> {
  const random = seededRandom(options.seed);
  let world: NomadWorld = {
    registrations: Array.from({ length: options.services }, (_, number) =>
      makeService(random.fork(`service-${number}`), number),
    ).flat(),
  };
  const churn = seededRandom(`${options.seed}/churn`);
  const server = await startFleetServer((request) => answer(world, options, request), options);
  return {
    ...server,
    world: () => world,
    mutate(times = 1) {
      const changes: string[] = [];
      for (let done = 0; done < times; done += 1) {
        const { registrations, change } = changeOne(world.registrations, churn);
        world = { registrations };
        changes.push(change);
      }
      return changes;
    },
    replace(next) {
      world = next;
    },
  };
}

function answer(
  { registrations }: NomadWorld,
  { token, region = 'global' }: NomadFleetOptions,
  { path, query, headers }: FleetRequest,
): FleetAnswer {
  if (path === '/v1/status/peers') return jsonAnswer(['10.0.0.1:4647', '10.0.0.2:4647']);
  if ((query.get('region') ?? region) !== region) return { status: 500, body: 'No path to region' };
  const given = headers['x-nomad-token'] ?? headers.authorization?.replace(/^Bearer /, '');
  if (token !== undefined && given !== token) return { status: 403, body: 'Permission denied' };

  const namespace = query.get('namespace') ?? 'default';
  const meta = { 'x-nomad-index': '17', 'x-nomad-knownleader': 'true', 'x-nomad-lastcontact': '0' };
  if (path === '/v1/services') {
    const readable = registrations.filter(({ Namespace }) => namespace === '*' || Namespace === namespace);
    return jsonAnswer(listBody(readable), meta);
  }
  const [, name] = /^\/v1\/service\/([^/]+)$/.exec(path) ?? [];
  if (name === undefined) return { status: 404, body: 'not found' };
  // As in Nomad, no service is found in all namespaces at once.
  const own = registrations.filter(
    ({ Namespace, ServiceName }) => Namespace === namespace && ServiceName === decodeURIComponent(name),
  );
  return jsonAnswer(own, meta);
}

function listBody(registrations: readonly NomadRegistration[]): object {
  const byNamespace = Map.groupBy(registrations, ({ Namespace }) => Namespace);
  return [...byNamespace].map(([Namespace, own]) => ({
    Namespace,
    Services: [...Map.groupBy(own, ({ ServiceName }) => ServiceName)].map(([ServiceName, instances]) => ({
      ServiceName,
      Tags: [...new Set(instances.flatMap(({ Tags }) => Tags ?? []))],
    })),
  }));
}

function makeService(random: Random, number: number): readonly NomadRegistration[] {
  const namespace = random.chance(0.7) ? 'default' : 'platform';
  return Array.from({ length: random.integer(1, 4) }, (_, index) =>
    makeRegistration(random, `service-${number}`, namespace, index),
  );
}

function makeRegistration(
  random: Random,
  service: string,
  namespace: string,
  index: number,
): NomadRegistration {
  const node = random.integer(1, 200);
  const allocation = `${random.integer(1_000_000, 9_999_999)}`;
  return {
    ID: `_nomad-task-${allocation}-group-${service}-${index}`,
    ServiceName: service,
    Namespace: namespace,
    NodeID: `node-${node}`,
    Datacenter: random.pick(['dc1', 'dc2']),
    JobID: service,
    AllocID: allocation,
    Tags: random.pick([['http', 'prod'], ['ключ=значение', ''], [], null]),
    Address: random.chance(0.1) ? `2001:db8::${node.toString(16)}` : `10.0.0.${node}`,
    Port: random.chance(0.1) ? 0 : random.integer(20_000, 32_000),
    CreateIndex: 7,
    ModifyIndex: 7,
  };
}

function changeOne(
  registrations: readonly NomadRegistration[],
  random: Random,
): { readonly registrations: readonly NomadRegistration[]; readonly change: string } {
  if (registrations.length === 0 || random.chance(0.5)) {
    const service = makeService(random, random.integer(1_000_000, 999_999_999));
    return { registrations: [...registrations, ...service], change: `${service[0]?.ServiceName} registered` };
  }
  const gone = random.pick(registrations);
  return { registrations: registrations.filter((each) => each !== gone), change: `${gone.ID} is gone` };
}
