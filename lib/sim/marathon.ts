import { type FleetAnswer, type FleetRequest, jsonAnswer } from './faults.ts';
import { appListBody } from './marathon-bodies.ts';
import { churnMarathonWorld } from './marathon-churn.ts';
import { type MarathonWorld, type MarathonWorldSize, makeMarathonWorld } from './marathon-world.ts';
import { seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

export interface MarathonFleetOptions extends MarathonWorldSize, FleetServerOptions {
  /** Ask for `Authorization: token=…` with this token, as DC/OS does. */
  readonly token?: string;
  /** Path in front of `/v2`, as behind DC/OS's Admin Router, e.g. `/service/marathon`. */
  readonly pathPrefix?: string;
  /** What Mesos calls this Marathon. Default: one of the seed. */
  readonly frameworkId?: string;
}

/** A running simulated Marathon. */
export interface MarathonFleet extends FleetServer {
  world(): MarathonWorld;
  /** Changes the world and says what changed. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Puts another world in place of the present one. */
  replace(world: MarathonWorld): void;
}

/** A Marathon on loopback with seeded apps, for the demo, the tests and the bench. */
export async function startMarathonFleet(options: MarathonFleetOptions): Promise<MarathonFleet> {
  let world = makeMarathonWorld(options);
  const random = seededRandom(`${options.seed}/churn`);
  const server = await startFleetServer((request) => answer(world, options, request), options);
  return {
    ...server,
    world: () => world,
    mutate(count = 1) {
      const churn = churnMarathonWorld(world, random, count);
      world = churn.world;
      return churn.changes;
    },
    replace(next) {
      world = next;
    },
  };
}

function answer(
  world: MarathonWorld,
  { seed, token, pathPrefix = '', frameworkId = `framework-${seed}` }: MarathonFleetOptions,
  { path, query, headers }: FleetRequest,
): FleetAnswer {
  if (token !== undefined && headers.authorization !== `token=${token}`)
    return { status: 401, ...jsonAnswer({ message: 'Invalid username or password.' }) };
  if (path === `${pathPrefix}/v2/info`) return jsonAnswer({ name: 'marathon', frameworkId });
  // Prometheus asks with a `/` at the end.
  if (path.replace(/\/$/, '') !== `${pathPrefix}/v2/apps`)
    return { status: 404, ...jsonAnswer({ message: 'HTTP 404 Not Found' }) };
  return jsonAnswer(appListBody(world, query.getAll('embed').includes('apps.tasks')));
}
