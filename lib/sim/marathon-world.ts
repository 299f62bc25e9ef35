import { type Random, seededRandom } from './random.ts';

/**
 * How an app's tasks are reached. `host`: ports that Mesos chose; `fixed`: those that the app asked for; `mapped`:
 * chosen ports of the host lead into the container; `mapped-old`: the same before Marathon 1.5; `container`: each task
 * has an address of its own; `ports`: host ports that only the tasks know; `none`: no port at all.
 */
export const networkings = ['host', 'fixed', 'mapped', 'mapped-old', 'container', 'ports', 'none'] as const;

interface MarathonPort {
  /** What the app asked for; 0: any. */
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A running task of an app. */
export interface MarathonTask {
  readonly id: string;
  readonly host: string;
  /** Its ports on the host; empty on a container network. */
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
}

/** An app with its tasks. */
export interface MarathonApp {
  readonly id: string;
  readonly networking: (typeof networkings)[number];
  /** Empty: it runs without Docker. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly MarathonPort[];
  readonly tasks: readonly MarathonTask[];
}

/** All apps of a master. */
export interface MarathonWorld {
  readonly apps: readonly MarathonApp[];
}

/** How many apps to generate; equal sizes and seeds give equal worlds. */
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

/** Apps as real clusters have them: every networking, IPv6, no tasks, tasks that are still being staged. */
export function makeMarathonWorld({ seed, apps }: MarathonWorldSize): MarathonWorld {
  const random = seededRandom(seed);
  return { apps: Array.from({ length: apps }, (_, number) => makeApp(random.fork(`app-${number}`), number)) };
}

/** The app of that number; the first ones take each networking in turn. */
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
    // A task that is being staged has no address yet.
    addresses: random.chance(0.1) ? [] : [address],
  };
}

/** A world after some changes, and each change in words. */
export interface MarathonChurn {
  readonly world: MarathonWorld;
  readonly changes: readonly string[];
}

/** So many changes as a living cluster has them: apps are deployed and removed, scaled, their tasks restarted. */
export function churnMarathonWorld(world: MarathonWorld, random: Random, count: number): MarathonChurn {
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
  // Serials are never used again, as Marathon's are not.
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
