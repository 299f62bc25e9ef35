import { type Random, seededRandom } from '../../random.ts';
import { type Flavour, makeFlavour } from './flavour.ts';
import { makeWorkload } from './make-workload.ts';
import { managedFields } from './managed-fields.ts';
import { drawOddAnnotations, drawOddLabels, sortedMap } from './odd.ts';
import type { NamespacePlan, NodePlan, World } from './plan.ts';

/** How large a generated cluster is. */
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
   * Chance of each thing out of the ordinary. Default: 0.3 up to 2,000 pods, so that a small cluster shows all of
   * them; 0.05 in larger ones, so that they look like real ones.
   */
  readonly odd?: number;
}

/** A whole cluster out of a seed. It takes memory for its workloads and nodes, not for its pods. */
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
    made.push(makeWorkload(own, number, replicas, pods - left, context));
    left -= made.at(-1)?.replicas ?? left;
  }
  return { version: context.version, nodes: context.nodes, namespaces: context.namespaces, workloads: made };
}

/** Pods of one workload. */
const most = 2000;

/** Managed fields go with a flavour, since they follow its containers. */
export interface WorldContext {
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

/** The first ones have the names that sort badly: `a-b/x` stands before `a/x`. */
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
