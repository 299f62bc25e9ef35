import { type Random, seededRandom } from '../../random.ts';
import { isObject } from '../wire/json.ts';
import { type Flavour, makeFlavour } from './flavour.ts';
import { drawOddAnnotations, drawOddLabels, managedFields, sortedMap } from './metadata.ts';
import {
  type EndpointQuirk,
  type Family,
  ingressShapes,
  type NamespacePlan,
  type NodePlan,
  type Owner,
  type PodTurn,
  type ServicePlan,
  type Workload,
  type World,
} from './plan.ts';

/** Size of a generated cluster. */
export interface WorldSize {
  readonly seed: number | string;
  readonly pods: number;
  /** Default: one for 30 pods, 3 at least. */
  readonly nodes?: number | undefined;
  /** Deployments, stateful sets and so on. Default: one for 30 pods, in small clusters one for 6. */
  readonly workloads?: number;
  /** Default: one for 12 workloads, 4 at least. */
  readonly namespaces?: number | undefined;
  /**
   * Chance of each oddity, from 0 to 1. Default: 0.3 up to 2,000 pods, so that a small cluster has all of them; 0.05
   * above, so that a large cluster looks like a real one.
   */
  readonly odd?: number;
}

/** Makes a cluster from a seed. It takes memory for workloads and nodes, not for pods. */
export function makeWorld(size: WorldSize): World {
  const { seed, pods } = size;
  const { odd = pods <= 2000 ? 0.3 : 0.05 } = size;
  const { workloads = Math.max(1, Math.ceil(pods / (pods <= 2000 ? 6 : 30))) } = size;
  const { nodes = Math.max(3, Math.ceil(pods / 30)), namespaces = Math.max(4, Math.ceil(workloads / 12)) } =
    size;
  const random = seededRandom(seed);
  const context = {
    odd,
    version: 1000,
    nodes: Array.from({ length: nodes }, (_, number) =>
      makeNode(random.fork(`node-${number}`), number, odd),
    ).sort(byName),
    namespaces: Array.from({ length: namespaces }, (_, number) =>
      makeNamespace(random.fork(`namespace-${number}`), number, odd),
    ),
    flavours: makeFlavours(random, workloads, odd),
  };
  const made = [];
  for (let left = pods, number = 0; left > 0; number += 1) {
    const own = random.fork(`workload-${number}`);
    const rest = Math.max(1, workloads - number);
    const replicas = Math.min(
      left,
      rest === 1 ? left : Math.max(1, own.integer(1, Math.ceil((2 * left) / rest) - 1)),
      most,
    );
    made.push(makeWorkload(own, { number, wanted: replicas, firstPod: pods - left }, context));
    left -= made.at(-1)?.replicas ?? left;
  }
  return { version: context.version, nodes: context.nodes, namespaces: context.namespaces, workloads: made };
}

/** Pods of one workload. */
const most = 2000;

/** Managed fields belong to a flavour, because they depend on its containers. */
interface WorldContext {
  readonly odd: number;
  readonly version: number;
  readonly nodes: readonly NodePlan[];
  readonly namespaces: readonly NamespacePlan[];
  readonly flavours: readonly {
    readonly flavour: Flavour;
    readonly managedFields: ReturnType<typeof managedFields>;
  }[];
}

function makeFlavours(random: Random, workloads: number, odd: number): WorldContext['flavours'] {
  return Array.from({ length: Math.min(workloads, 48) }, (_, number) => {
    const flavour = makeFlavour(random.fork(`flavour-${number}`), number, odd);
    const { containers, initContainers, spec } = flavour;
    const set = {
      metadata: {
        annotations: usualKeys.annotations,
        generateName: '',
        labels: usualKeys.labels,
        ownerReferences: [],
      },
      spec: { ...spec, containers, initContainers, nodeName: '' },
    };
    return { flavour, managedFields: managedFields('v1', '2026-01-01T00:00:00Z', set, usualKeys.status) };
  });
}

const usualKeys = {
  labels: { 'app.kubernetes.io/name': '', 'app.kubernetes.io/version': '', 'pod-template-hash': '' },
  annotations: { 'checksum/config': '', 'prometheus.io/port': '', 'prometheus.io/scrape': '' },
  status: {
    conditions: [
      { type: '', name: 'Ready', status: '', lastProbeTime: '', lastTransitionTime: '' },
      { type: '', name: 'PodScheduled', status: '', lastProbeTime: '', lastTransitionTime: '' },
    ],
    containerStatuses: '',
    hostIP: '',
    hostIPs: '',
    initContainerStatuses: '',
    phase: '',
    podIP: '',
    podIPs: '',
    startTime: '',
  },
};

const shapes = ['no-internal', 'hostname-only', 'no-address', 'no-kubelet', 'many-addresses'] as const;

function makeNode(random: Random, number: number, odd: number): NodePlan {
  const address = `192.168.${(number >> 8) & 255}.${number & 255}`;
  const zone = `eu-west-1${random.pick(['a', 'b', 'c'])}`;
  const name = `ip-${address.replaceAll('.', '-')}.eu-west-1.compute.internal`;
  return {
    name,
    seed: random.integer(0, 0xffffffff),
    zone,
    address,
    number,
    labels: sortedMap(
      {
        'kubernetes.io/arch': random.pick(['amd64', 'arm64']),
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'm6i.2xlarge',
        'topology.kubernetes.io/region': 'eu-west-1',
        'topology.kubernetes.io/zone': zone,
      },
      drawOddLabels(random, odd / 2),
    ),
    annotations: sortedMap({ 'node.alpha.kubernetes.io/ttl': '0' }, drawOddAnnotations(random, odd / 2)),
    shape: random.chance(odd / 2) ? random.pick(shapes) : 'usual',
    version: 100 + (number % 900),
  };
}

/** The first names are easy to sort wrongly: `a-b/x` comes before `a/x`. */
const namespaceNames = ['default', 'kube-system', 'team', 'team-a', 'team-a-1'];

function makeNamespace(random: Random, number: number, odd: number): NamespacePlan {
  const name = namespaceNames[number] ?? `ns-${number}`;
  return {
    name,
    labels: sortedMap({ 'kubernetes.io/metadata.name': name }, drawOddLabels(random, odd)),
    annotations: sortedMap(drawOddAnnotations(random, odd)),
    version: 10 + number,
  };
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

const owners: readonly Owner[] = [
  ...new Array<Owner>(8).fill('ReplicaSet'),
  ...new Array<Owner>(3).fill('StatefulSet'),
  'DaemonSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Node',
  'Rollout',
  'none',
];
const families: readonly Family[] = ['ipv6', 'dual', 'dual-ipv6-first'];
const words = ['api', 'billing', 'cart', 'checkout', 'frontend', 'ingest', 'ledger', 'mail', 'search', 'web'];

/** A workload with this many pods, or fewer if its kind does not allow so many. */
function makeWorkload(
  random: Random,
  {
    number,
    wanted,
    firstPod,
  }: { readonly number: number; readonly wanted: number; readonly firstPod: number },
  { odd, version, nodes, namespaces, flavours }: WorldContext,
): Workload {
  const owner = random.pick(owners);
  const { flavour, managedFields } = random.pick(flavours);
  // The number makes the name unique, so that no name is the beginning of another.
  const name = `${random.pick(words)}-${number}`;
  return {
    namespace: random.pick(namespaces).name,
    name,
    owner,
    seed: random.integer(0, 0xffffffff),
    flavour,
    family: random.chance(odd) ? random.pick(families) : 'ipv4',
    odd,
    labels: sortedMap(
      {
        'app.kubernetes.io/instance': `${name}-prod`,
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/name': name,
        'app.kubernetes.io/version': `2.${random.integer(0, 30)}.${random.integer(0, 9)}`,
        'helm.sh/chart': `${name}-1.2.3`,
        tier: random.pick(['web', 'backend', 'data']),
      },
      drawOddLabels(random, odd),
    ),
    annotations: sortedMap(
      {
        'checksum/config': 'r9q42dz2'.repeat(8),
        'kubectl.kubernetes.io/restartedAt': '2026-01-01T08:00:00Z',
        'prometheus.io/path': '/metrics',
        'prometheus.io/port': '8080',
        'prometheus.io/scrape': random.pick(['true', 'true', 'false']),
      },
      drawOddAnnotations(random, odd),
    ),
    managedFields: managedFields.filter(isObject),
    replicas: owner === 'none' ? 1 : owner === 'Node' ? Math.min(wanted, nodes.length) : wanted,
    revision: 1,
    turns: new Map(),
    firstPod,
    services: makeServices(random, name, owner, odd),
    ingress: random.chance(0.2) ? random.pick(ingressShapes) : undefined,
    version,
  };
}

const oddShapes = [
  'headless',
  'headless-without-ports',
  'node-port',
  'load-balancer',
  'load-balancer',
  'external-name',
  'without-selector',
] as const;
const quirks: readonly EndpointQuirk[] = [
  'stale-pods',
  'nodes-behind',
  'no-references',
  'two-subsets',
  'unknown-conditions',
  'orphan',
  'names-domains',
  'unnamed-ports',
];

function makeServices(random: Random, name: string, owner: Owner, odd: number): readonly ServicePlan[] {
  const count =
    random.chance(0.15) || owner === 'Job' || owner === 'CronJob' ? 0 : random.chance(odd / 2) ? 2 : 1;
  return Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? name : `${name}-extra`,
    shape:
      owner === 'StatefulSet'
        ? 'headless'
        : random.chance(odd)
          ? random.pick(oddShapes)
          : ('cluster-ip' as const),
    seed: random.integer(0, 0xffffffff),
    labels: sortedMap({ 'app.kubernetes.io/name': name, release: 'prod' }, drawOddLabels(random, odd / 2)),
    annotations: sortedMap({ 'prometheus.io/scrape': 'true' }, drawOddAnnotations(random, odd / 2)),
    quirk: random.chance(odd) ? random.pick(quirks) : 'none',
  }));
}

/** A world after some changes, with a description of each. */
export interface Churn {
  readonly world: World;
  readonly changes: readonly string[];
}

/** Makes the given number of changes, as in a real cluster. Each increments the resource version. */
export function churnWorld(world: World, random: Random, count: number): Churn {
  const changes: string[] = [];
  let next = world;
  for (let done = 0; done < count; done += 1) {
    const version = next.version + 1;
    const [changed, change] = changeOne(next, version, random);
    next = { ...changed, version };
    changes.push(change);
  }
  return { world: next, changes };
}

/** The number of workloads that are never deleted, so that a long test does not empty the cluster. */
const fewestWorkloads = 10;

function changeOne(world: World, version: number, random: Random): [World, string] {
  if (world.workloads.length === 0 || random.chance(0.05)) return relabelNode(world, version, random);
  const old = random.pick(world.workloads);
  const kind = random.pick([
    'replace',
    'replace',
    'replace',
    'redraw',
    'redraw',
    'scale',
    'roll-out',
    'relabel',
    'delete',
  ]);
  const stays = kind === 'delete' && world.workloads.length <= fewestWorkloads;
  const [changed, change] = changeWorkload(old, stays ? 'replace' : kind, version, random);
  const workloads = world.workloads.flatMap((each) => (each !== old ? [each] : changed ? [changed] : []));
  return [{ ...world, workloads }, `${old.namespace}/${old.name} ${change}`];
}

function changeWorkload(
  old: Workload,
  kind: string,
  version: number,
  random: Random,
): [Workload | undefined, string] {
  const ordinal = random.integer(0, old.replicas - 1);
  switch (kind) {
    case 'delete':
      return [undefined, 'was deleted'];
    case 'roll-out':
      return [{ ...old, revision: old.revision + 1, turns: new Map(), version }, 'was rolled out'];
    case 'relabel': {
      const labels = sortedMap(old.labels, { build: `b${version}` });
      return [{ ...old, labels, version }, `got the label build=b${version}`];
    }
    case 'scale': {
      const fixed = old.owner === 'none' || old.owner === 'Node' || old.owner === 'DaemonSet';
      const replicas = fixed ? old.replicas : random.integer(1, old.replicas + 3);
      if (replicas !== old.replicas) return [{ ...old, replicas, version }, `has ${replicas} pods`];
      return [turned(old, ordinal, version, 'replaced'), `replaced pod ${ordinal}`];
    }
    case 'redraw':
      return [turned(old, ordinal, version, 'redrawn'), `changed the state of pod ${ordinal}`];
    default:
      return [turned(old, ordinal, version, 'replaced'), `replaced pod ${ordinal}`];
  }
}

function turned(old: Workload, ordinal: number, version: number, what: 'replaced' | 'redrawn'): Workload {
  const before: PodTurn = old.turns.get(ordinal) ?? { replaced: 0, redrawn: 0, version };
  const after = { ...before, [what]: before[what] + 1, version };
  return { ...old, turns: new Map(old.turns).set(ordinal, after) };
}

function relabelNode(world: World, version: number, random: Random): [World, string] {
  const old = random.pick(world.nodes);
  const changed = { ...old, labels: sortedMap(old.labels, { drained: `v${version}` }), version };
  return [
    { ...world, nodes: world.nodes.map((each) => (each === old ? changed : each)) },
    `node ${old.name} got the label drained=v${version}`,
  ];
}
