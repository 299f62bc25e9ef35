import type { Random } from '../../random.ts';
import { isObject } from '../wire/json.ts';
import type { WorldContext } from './make-world.ts';
import { drawOddAnnotations, drawOddLabels, sortedMap } from './odd.ts';
import {
  type EndpointQuirk,
  type Family,
  ingressShapes,
  type Owner,
  type ServicePlan,
  type Workload,
} from './plan.ts';

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

/** A workload with so many pods, or fewer where its kind does not allow as many. */
export function makeWorkload(
  random: Random,
  number: number,
  wanted: number,
  firstPod: number,
  { odd, version, nodes, namespaces, flavours }: WorldContext,
): Workload {
  const owner = random.pick(owners);
  const { flavour, managedFields } = random.pick(flavours);
  // A number makes the name unique and keeps it from being the beginning of another one.
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
