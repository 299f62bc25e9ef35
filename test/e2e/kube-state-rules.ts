import { recordedItems } from './recorded-api.ts';

interface Pod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly containers: readonly {
      readonly resources: { readonly requests?: Readonly<Record<string, string>> };
    }[];
  };
  readonly status: { readonly phase: string };
}

interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly unschedulable?: boolean };
  readonly status: {
    readonly allocatable: { readonly cpu: string; readonly pods: string };
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

interface Workload {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: Readonly<Record<string, number>>;
}

interface Job {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface Quota {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status: {
    readonly hard: Readonly<Record<string, string>>;
    readonly used: Readonly<Record<string, string>>;
  };
}

export type Values = Readonly<Record<string, number>>;

const suffixes: Values = { '': 1, m: 0.001, k: 1e3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

export const pods = recordedItems<Pod>('pods');
const nodes = recordedItems<Node>('nodes');
const deployments = recordedItems<Workload>('deployments');
const statefulSets = recordedItems<Workload>('statefulsets');
const daemonSets = recordedItems<Workload>('daemonsets');
const jobs = recordedItems<Job>('jobs');
const quotas = recordedItems<Quota>('resourcequotas');

const alive = pods.filter(({ status }) => ['Pending', 'Running'].includes(status.phase));
const stuck = pods.filter(
  ({ status, metadata }) =>
    ['Pending', 'Unknown', 'Failed'].includes(status.phase) &&
    !(metadata.ownerReferences ?? []).some(({ kind }) => kind === 'Job'),
);

function requests(resource: 'cpu' | 'memory'): string {
  return `sum by (namespace) (sum by (namespace, pod) (max by (namespace, pod, container) (
    kube_pod_container_resource_requests{resource="${resource}",job="kube-state-metrics"})
    * on(namespace, pod) group_left() max by (namespace, pod) (kube_pod_status_phase{phase=~"Pending|Running"} == 1)))`;
}

function requested(resource: 'cpu' | 'memory'): Values {
  return sumBy(alive, (pod) => {
    const found = pod.spec.containers.map(({ resources }) => resources.requests?.[resource]);
    const given = found.filter((quantity) => quantity !== undefined);
    return given.length === 0
      ? undefined
      : [pod.metadata.namespace, given.reduce((sum, one) => sum + amount(one), 0)];
  });
}

/** Rules and alerts of kubernetes-mixin, and what the recorded objects say to each. Values are by the labels named. */
export const expressions: readonly (readonly [
  name: string,
  expression: string,
  by: readonly string[],
  says: Values,
])[] = [
  ['namespace_cpu requests', requests('cpu'), ['namespace'], requested('cpu')],
  ['namespace_memory requests', requests('memory'), ['namespace'], requested('memory')],
  [
    'KubeJobFailed',
    'kube_job_failed{job="kube-state-metrics"} > 0',
    ['job_name', 'condition'],
    Object.fromEntries(
      jobs.flatMap(({ metadata, status }) =>
        (status.conditions ?? [])
          .filter(({ type, status }) => type === 'Failed' && status === 'True')
          .map(() => [`${metadata.name}/true`, 1]),
      ),
    ),
  ],
  [
    'KubePodNotReady',
    `sum by (namespace, pod) (max by(namespace, pod) (kube_pod_status_phase{job="kube-state-metrics", phase=~"Pending|Unknown|Failed"})
     * on(namespace, pod) group_left(owner_kind) topk by(namespace, pod) (1, max by(namespace, pod, owner_kind) (kube_pod_owner{owner_kind!="Job"}))) > 0`,
    ['namespace', 'pod'],
    Object.fromEntries(stuck.map(({ metadata }) => [`${metadata.namespace}/${metadata.name}`, 1])),
  ],
  [
    'KubeDeploymentReplicasMismatch',
    'kube_deployment_spec_replicas{job="kube-state-metrics"} > kube_deployment_status_replicas_available{job="kube-state-metrics"}',
    ['deployment'],
    byName(
      deployments.filter(({ spec, status }) => spec.replicas > (status.availableReplicas ?? 0)),
      ({ spec }) => spec.replicas,
    ),
  ],
  [
    'KubeStatefulSetReplicasMismatch',
    'kube_statefulset_status_replicas_ready{job="kube-state-metrics"} != kube_statefulset_replicas{job="kube-state-metrics"}',
    ['statefulset'],
    byName(
      statefulSets.filter(({ spec, status }) => spec.replicas !== (status.readyReplicas ?? 0)),
      ({ status }) => status.readyReplicas ?? 0,
    ),
  ],
  [
    'KubeDaemonSetNotScheduled',
    'kube_daemonset_status_desired_number_scheduled{job="kube-state-metrics"} - kube_daemonset_status_current_number_scheduled{job="kube-state-metrics"}',
    ['daemonset'],
    byName(
      daemonSets,
      ({ status }) => (status.desiredNumberScheduled ?? 0) - (status.currentNumberScheduled ?? 0),
    ),
  ],
  [
    'KubeNodeNotReady',
    'kube_node_status_condition{job="kube-state-metrics",condition="Ready",status="true"} and on (node) kube_node_spec_unschedulable == 0',
    ['node'],
    Object.fromEntries(
      nodes
        .filter(({ spec }) => spec.unschedulable !== true)
        .flatMap(({ metadata, status }) =>
          status.conditions
            .filter(({ type }) => type === 'Ready')
            .map((condition) => [metadata.name, condition.status === 'True' ? 1 : 0]),
        ),
    ),
  ],
  [
    'KubeCPUOvercommit, what can be allocated',
    'sum(kube_node_status_allocatable{job="kube-state-metrics",resource="cpu"})',
    [],
    { '': nodes.reduce((sum, { status }) => sum + amount(status.allocatable.cpu), 0) },
  ],
  [
    'KubeQuotaAlmostFull',
    'kube_resourcequota{job="kube-state-metrics", type="used"} / ignoring(instance, job, type) (kube_resourcequota{job="kube-state-metrics", type="hard"} > 0)',
    ['namespace', 'resource'],
    Object.fromEntries(
      quotas.flatMap(({ metadata, status }) =>
        Object.entries(status.used)
          .filter(([resource]) => amount(status.hard[resource] ?? '0') > 0)
          .map(([resource, used]) => [
            `${metadata.namespace}/${resource}`,
            amount(used) / amount(status.hard[resource] ?? '0'),
          ]),
      ),
    ),
  ],
];

function amount(quantity: string): number {
  const [, number, suffix = ''] = /^([\d.]+)(\D*)$/.exec(quantity) ?? [];
  return Number(number) * (suffixes[suffix] ?? Number.NaN);
}

function byName(workloads: readonly Workload[], value: (workload: Workload) => number): Values {
  return Object.fromEntries(workloads.map((workload) => [workload.metadata.name, value(workload)]));
}

function sumBy(all: readonly Pod[], entry: (pod: Pod) => readonly [string, number] | undefined): Values {
  const sums: Record<string, number> = {};
  for (const pod of all) {
    const [key, value] = entry(pod) ?? [];
    if (key !== undefined && value !== undefined) sums[key] = (sums[key] ?? 0) + value;
  }
  return sums;
}
