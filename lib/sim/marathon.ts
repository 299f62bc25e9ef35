import { type FleetAnswer, type FleetRequest, jsonAnswer } from './faults.ts';
import {
  churnMarathonWorld,
  type MarathonApp,
  type MarathonTask,
  type MarathonWorld,
  type MarathonWorldSize,
  makeMarathonWorld,
} from './marathon-world.ts';
import { seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

/** The size of the world, and the options of the server. */
export interface MarathonFleetOptions extends MarathonWorldSize, FleetServerOptions {
  /** Requires `Authorization: token=…` with this token, as DC/OS does. */
  readonly token?: string;
  /** Path before `/v2`, as behind DC/OS's Admin Router, such as `/service/marathon`. */
  readonly pathPrefix?: string;
  /** ID of this Marathon in Mesos. Default: made of the seed. */
  readonly frameworkId?: string;
}

/** A running simulated Marathon. */
export interface MarathonFleet extends FleetServer {
  world(): MarathonWorld;
  /** Makes changes and returns a description of each. Default: one change. */
  mutate(count?: number): readonly string[];
  /** Replaces the world. */
  replace(world: MarathonWorld): void;
}

/** Starts a Marathon on loopback with seeded apps, for the demo, the tests and the bench. */
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

/** Body of `/v2/apps`. It has tasks only where the request asks for them. */
function appListBody({ apps }: MarathonWorld, withTasks: boolean): object {
  return { apps: apps.map((app) => appBody(app, withTasks)) };
}

function appBody(app: MarathonApp, withTasks: boolean): object {
  const { id, networking, labels, tasks } = app;
  return {
    id,
    cmd: null,
    instances: tasks.length,
    cpus: 0.1,
    mem: 128,
    disk: 0,
    constraints: [],
    healthChecks: [],
    labels,
    requirePorts: networking === 'fixed',
    ...portsOf(app),
    version: '2026-01-01T00:00:00.000Z',
    tasksStaged: 0,
    tasksRunning: tasks.length,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [],
    ...(withTasks && { tasks: tasks.map((task) => taskBody(task, app)) }),
  };
}

/** Container, networks and ports, as the networking and its version of Marathon have them. */
function portsOf({ networking, image, ports }: MarathonApp): object {
  const docker =
    image === '' ? {} : { docker: { image, forcePullImage: false, parameters: [], privileged: false } };
  const container = image === '' ? null : { type: 'DOCKER', volumes: [], ...docker };
  const mappings = ports.map(({ port, labels }, index) => ({
    containerPort: port || 9000 + index,
    hostPort: 0,
    labels,
    protocol: 'tcp',
    servicePort: 10_000 + index,
  }));
  switch (networking) {
    case 'host':
    case 'fixed':
      return {
        container,
        networks: [{ mode: 'host' }],
        portDefinitions: ports.map(({ port, labels }, index) => ({
          port: port || 10_000 + index,
          protocol: 'tcp',
          name: `port-${index}`,
          labels,
        })),
      };
    case 'mapped':
      return {
        container: { type: 'MESOS', volumes: [], ...docker, portMappings: mappings },
        networks: [{ mode: 'container/bridge' }],
      };
    case 'mapped-old':
      return {
        container: {
          type: 'DOCKER',
          volumes: [],
          docker: { ...docker.docker, network: 'BRIDGE', portMappings: mappings },
        },
        ports: ports.map((_, index) => 10_000 + index),
      };
    case 'container':
      return {
        container: { type: 'MESOS', volumes: [], ...docker, portMappings: mappings },
        networks: [{ mode: 'container', name: 'dcos' }],
      };
    case 'ports':
      return { container, ports: ports.map((_, index) => 10_000 + index) };
    case 'none':
      return { container, networks: [{ mode: 'host' }], portDefinitions: [] };
  }
}

function taskBody({ id, host, ports, addresses }: MarathonTask, app: MarathonApp): object {
  return {
    appId: app.id,
    id,
    host,
    ports,
    ...(addresses.length > 0 && {
      ipAddresses: addresses.map((ipAddress) => ({
        ipAddress,
        protocol: ipAddress.includes(':') ? 'IPv6' : 'IPv4',
      })),
    }),
    slaveId: 'agent-0',
    state: 'TASK_RUNNING',
    stagedAt: '2026-01-01T00:00:00.000Z',
    startedAt: '2026-01-01T00:00:01.000Z',
    version: '2026-01-01T00:00:00.000Z',
    healthCheckResults: [],
  };
}
