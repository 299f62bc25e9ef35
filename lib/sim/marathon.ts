import { type FleetAnswer, type FleetRequest, jsonAnswer } from './faults.ts';
import { type Random, seededRandom } from './random.ts';
import { type FleetServer, type FleetServerOptions, startFleetServer } from './server.ts';

/** The size of the world, and the options of the server. */
export interface MarathonFleetOptions extends MarathonWorldSize, FleetServerOptions {
  /** Requires `Authorization: token=…` with this token, as DC/OS does. */
  readonly token?: string;
  /** Path before `/v2`, as behind DC/OS's Admin Router, such as `/service/marathon`. */
  readonly pathPrefix?: string;
  /** ID of this Marathon in Mesos. Default: made from the seed. */
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
  // Prometheus sends the path with a `/` at the end.
  if (path.replace(/\/$/, '') !== `${pathPrefix}/v2/apps`)
    return { status: 404, ...jsonAnswer({ message: 'HTTP 404 Not Found' }) };
  return jsonAnswer(appListBody(world, query.getAll('embed').includes('apps.tasks')));
}

/** Body of `/v2/apps`. It has tasks only if the request asks for them. */
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

/** Container, networks and ports, as this networking has them in its version of Marathon. */
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

/**
 * The networking of an app. `host`: ports that Mesos chooses; `fixed`: ports that the app requests; `mapped`: chosen
 * ports of the host lead into the container; `mapped-old`: the same before Marathon 1.5; `container`: each task has its
 * own address; `ports`: host ports that only the tasks know; `none`: no port.
 */
export const networkings = ['host', 'fixed', 'mapped', 'mapped-old', 'container', 'ports', 'none'] as const;

interface MarathonPort {
  /** The port number that the app requests; 0 for any. */
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A running task of an app. */
interface MarathonTask {
  readonly id: string;
  readonly host: string;
  /** Its ports on the host; empty on a container network. */
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
}

/** An app with its tasks. */
interface MarathonApp {
  readonly id: string;
  readonly networking: (typeof networkings)[number];
  /** Empty for an app without Docker. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly MarathonPort[];
  readonly tasks: readonly MarathonTask[];
}

/** All apps of a master. */
export interface MarathonWorld {
  readonly apps: readonly MarathonApp[];
}

/** The size of a generated world; equal sizes and seeds give equal worlds. */
export interface MarathonWorldSize {
  readonly seed: number | string;
  readonly apps: number;
}

const paths = ['/shop', '/shop/cart', '/infra/edge', '/größe', ''];
const labelSets = [
  { HAPROXY_GROUP: 'external', 'traefik.enable': 'true' },
  { team: 'platform', 'metrics-path': '/metrics', empty: '' },
  { note: 'a "b"\n\\c', ключ: 'значение' },
  {},
];
const portLabels = [{ VIP_0: '/cart:80' }, { name: 'metrics', 'scrape.me': 'yes' }, {}];

/** Makes apps as in real clusters: every networking, IPv6, no tasks, tasks in staging. */
export function makeMarathonWorld({ seed, apps }: MarathonWorldSize): MarathonWorld {
  const random = seededRandom(seed);
  return { apps: Array.from({ length: apps }, (_, number) => makeApp(random.fork(`app-${number}`), number)) };
}

/** The app with that number. The first apps take each networking in turn. */
function makeApp(random: Random, number: number): MarathonApp {
  const networking = networkings[number] ?? random.pick(networkings);
  const id = `${random.pick(paths)}/app-${number}`;
  const count = networking === 'none' ? 0 : random.integer(1, 3);
  const app = {
    id,
    networking,
    image: random.chance(0.7) ? `registry.example/app-${number}:1.${random.integer(0, 9)}` : '',
    labels: random.pick(labelSets),
    ports: Array.from({ length: count }, (_, index) => ({
      port: networking === 'fixed' || networking === 'container' ? 8080 + index : 0,
      labels: random.pick(portLabels),
    })),
  };
  const tasks = random.chance(0.1) ? 0 : random.integer(1, 5);
  return { ...app, tasks: Array.from({ length: tasks }, (_, index) => makeTask(random, app, index)) };
}

/** A new task of the app; `serial` makes its id unique there. */
function makeTask(random: Random, app: Omit<MarathonApp, 'tasks'>, serial: number): MarathonTask {
  const agent = random.integer(1, 200);
  const address = random.chance(0.2) ? `fd00::${agent.toString(16)}` : `10.32.0.${agent}`;
  const hasHostPorts = !['container', 'none'].includes(app.networking);
  return {
    id: `${app.id.slice(1).replaceAll('/', '_')}.instance-${serial}`,
    host: random.chance(0.1) ? `2001:db8::${agent.toString(16)}` : `agent-${agent}.example`,
    ports: hasHostPorts ? app.ports.map(({ port }) => port || random.integer(31_000, 32_000)) : [],
    // A task in staging has no address yet.
    addresses: random.chance(0.1) ? [] : [address],
  };
}

/** A world after some changes, with a description of each. */
interface MarathonChurn {
  readonly world: MarathonWorld;
  readonly changes: readonly string[];
}

/** Makes `count` changes as in a real cluster: apps are deployed, removed and scaled, tasks are restarted. */
function churnMarathonWorld(world: MarathonWorld, random: Random, count: number): MarathonChurn {
  const changes: string[] = [];
  let { apps } = world;
  for (let done = 0; done < count; done += 1) {
    const { next, change } = changeOne(apps, random);
    apps = next;
    changes.push(change);
  }
  return { world: { apps }, changes };
}

function changeOne(
  apps: readonly MarathonApp[],
  random: Random,
): { readonly next: readonly MarathonApp[]; readonly change: string } {
  const kind = apps.length === 0 ? 'deploy' : random.pick(['deploy', 'remove', 'scale', 'restart']);
  // As in Marathon, serial numbers are never used again.
  const serial = random.integer(1_000_000, 999_999_999);
  if (kind === 'deploy') {
    const app = makeApp(random, serial);
    return { next: [...apps, app], change: `${app.id} deployed` };
  }
  const old = random.pick(apps);
  if (kind === 'remove') return { next: apps.filter((app) => app !== old), change: `${old.id} removed` };

  const fresh = makeTask(random, old, serial);
  const tasks = kind === 'scale' ? [...old.tasks, fresh] : [...old.tasks.slice(1), fresh];
  return {
    next: apps.map((app) => (app === old ? { ...old, tasks } : app)),
    change: `${old.id} ${kind === 'scale' ? 'scaled up' : 'restarted a task'}`,
  };
}
