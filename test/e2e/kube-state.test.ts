import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as z from 'zod';
import { runMuster } from '../support/muster.ts';
import { polled } from '../support/poll.ts';
import { startProcess } from '../support/process.ts';
import { describeWithPrograms } from '../support/programs.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { recordedItems, startRecordedApi } from './recorded-api.ts';

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
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly state: { readonly waiting?: { readonly reason: string } };
    }[];
  };
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

interface Quota {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status: {
    readonly hard: Readonly<Record<string, string>>;
    readonly used: Readonly<Record<string, string>>;
  };
}

type Values = Readonly<Record<string, number>>;

const suffixes: Values = { '': 1, m: 0.001, k: 1e3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

const pods = recordedItems<Pod>('pods');
const nodes = recordedItems<Node>('nodes');
const deployments = recordedItems<Workload>('deployments');
const statefulSets = recordedItems<Workload>('statefulsets');
const daemonSets = recordedItems<Workload>('daemonsets');
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
const expressions: readonly (readonly [
  name: string,
  expression: string,
  by: readonly string[],
  says: Values,
])[] = [
  ['namespace_cpu requests', requests('cpu'), ['namespace'], requested('cpu')],
  ['namespace_memory requests', requests('memory'), ['namespace'], requested('memory')],
  [
    'KubePodCrashLooping',
    'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff", job="kube-state-metrics"}[5m]) >= 1',
    ['pod', 'container'],
    Object.fromEntries(
      pods.flatMap(({ metadata, status }) =>
        (status.containerStatuses ?? [])
          .filter(({ state }) => state.waiting?.reason === 'CrashLoopBackOff')
          .map(({ name }) => [`${metadata.name}/${name}`, 1]),
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

describeWithPrograms('kube state, as a real Prometheus scrapes it from the sidecar', ['prometheus'], () => {
  let prometheus: Prometheus;
  let address: string;
  const ends = new AsyncDisposableStack();

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'muster-e2e-'));
    ends.defer(() => rm(folder, { recursive: true, force: true }));
    const api = ends.use(await startRecordedApi());
    const config = join(folder, 'muster.yml');
    const output = { name: 'recorded', kubernetes: { api_server: api.url } };
    await writeFile(config, JSON.stringify({ store: join(folder, 'store'), kube_state_metrics: [output] }));
    const published = await runMuster(['kube-state', '-c', config, '--publish']);
    expect(published).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('recorded.prom.gz: published'),
    });
    const sidecar = await startProcess({
      command: process.execPath,
      args: ([port]) => [
        ...[join(import.meta.dirname, '../../lib/cli/main.ts'), 'sync', '--from', join(folder, 'store')],
        ...['--to', join(folder, 'targets'), '--listen', `127.0.0.1:${port}`],
      ],
      ready: ([port]) => `http://127.0.0.1:${port}/kube-state/recorded`,
    });
    ends.defer(() => sidecar.stop());
    address = `127.0.0.1:${sidecar.ports[0]}`;
    prometheus = await startPrometheus({
      scrape_configs: [
        {
          job_name: 'kube-state-metrics',
          honor_labels: true,
          scrape_interval: '1s',
          metrics_path: '/kube-state/recorded',
          static_configs: [{ targets: [address] }],
        },
      ],
    });
    ends.defer(() => prometheus.stop());
    await polled(async () => (await prometheus.query('count(kube_pod_info)'))[0]?.value[1], `${pods.length}`);
  });
  afterAll(() => ends.disposeAsync());

  test('the scrape is up, and says how old its text is', async () => {
    const age = await prometheus.query('time() - muster_kube_state_listing_timestamp_seconds < 3600');
    const up = async () =>
      (await prometheus.query('up{job="kube-state-metrics"}')).map(({ value }) => value[1]);
    expect([age.length, await polled(up, ['1'])]).toEqual([1, ['1']]);
  });

  test('each format that it can ask for has the same samples, and types of its own', async () => {
    const formats = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText0.0.4'] as const;
    const other = await startPrometheus({
      scrape_configs: formats.map((format) => ({
        job_name: format,
        scrape_protocols: [format],
        scrape_interval: '1s',
        metrics_path: '/kube-state/recorded',
        static_configs: [{ targets: [address] }],
      })),
    });
    try {
      const samples = async () =>
        (await other.query('count by (job) ({__name__=~"kube_.+"})')).map(({ metric, value }) => [
          metric.job,
          value[1],
        ]);
      const all = (await prometheus.query('count({__name__=~"kube_.+"})'))[0]?.value[1];
      await polled(async () => (await samples()).sort(), formats.map((format) => [format, all]).sort());
      const family = 'kube_pod_container_status_restarts';
      expect(await typesOf(other.url, family)).toEqual({
        'OpenMetricsText0.0.1': 'counter',
        'OpenMetricsText1.0.0': 'counter',
      });
      expect(await typesOf(other.url, `${family}_total`)).toEqual({ 'PrometheusText0.0.4': 'counter' });
    } finally {
      await other.stop();
    }
  });

  test.each(expressions)('%s evaluates to what the objects say', async (_, expression, by, says) => {
    // A scrape that a busy machine does not answer in time leaves nothing until the next one.
    const found = await polled(
      async () => {
        const samples = (await prometheus.query(expression)).map(
          ({ metric, value }) => [by.map((label) => metric[label]).join('/'), Number(value[1])] as const,
        );
        return inOrder(rounded(Object.fromEntries(samples)));
      },
      inOrder(rounded(says)),
    );
    expect(found).toEqual(inOrder(rounded(says)));
  });
});

/** The type of a family, by the jobs that it was scraped in. */
async function typesOf(url: string, family: string): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${url}/api/v1/targets/metadata?metric=${family}`);
  const { data } = metadataAnswer.parse(await answer.json());
  return Object.fromEntries(data.map(({ target, type }) => [target.job, type]));
}

const metadataAnswer = z.object({
  data: z.array(z.object({ target: z.object({ job: z.string() }), type: z.string() })),
});

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

function inOrder(values: Values): readonly (readonly [string, number])[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Sums of fractions differ in their last digits with the order in which they are made. */
function rounded(values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Number(value.toPrecision(9))]),
  );
}
