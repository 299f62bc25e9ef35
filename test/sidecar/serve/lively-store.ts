import { MusterError } from '../../../lib/base/errors.ts';
import { relabelConfigs } from '../../../lib/config/relabel.ts';
import { runCycle } from '../../../lib/cycle/cycle.ts';
import type { Provider } from '../../../lib/cycle/provider.ts';
import { settingsOf } from '../../../lib/cycle/settings.ts';
import { createMemoryStore } from '../../../lib/store/memory.ts';
import type { ObjectStore } from '../../../lib/store/store.ts';
import type { LabelSet, TargetGroup } from '../../../lib/targets/group.ts';
import type { ProviderId } from '../../../lib/targets/keys.ts';
import { providerOf } from '../../support/provider.ts';

/** A job name, and labels, that try to be more than names. */
export const hostile = {
  job: `<script>alert(1)</script>"' onload=x \u202egnp.exe`,
  label: `"><img src=x onerror=alert(2)>`,
  value: `</dd><script>document.title='owned'</script>\u2066&amp;`,
} as const;

/** What lies three hours of cycles behind it: jobs that do well, and one of each that does not. */
export interface LivelyStore {
  readonly store: ObjectStore;
  /** The time at which it was left. */
  readonly now: Date;
}

const minute = 60_000;

/** Runs real cycles on a clock of its own, into a store in memory unless another is given. `end` is when the last one ends. */
export async function livelyStore(
  end = new Date('2026-03-01T12:00:00Z'),
  store: ObjectStore = createMemoryStore(),
): Promise<LivelyStore> {
  let time = end.getTime() - 180 * minute;
  let runs = 0;
  const cycle = (of: ProviderId, find: () => readonly TargetGroup[], options: Partial<Provider> = {}) =>
    runCycle(providerOf(find, { ...of, ...options }), {
      store,
      run: `run-${++runs}`,
      now() {
        time += 200;
        return new Date(time);
      },
    });
  const api = { job: 'api', provider: 'consul-0' };
  const shop = { job: 'shop/eu', provider: 'kubernetes-0' };
  const batch = { job: 'batch', provider: 'kubernetes-0' };
  const legacy = { job: 'legacy', provider: 'consul-0' };
  const withRules = { settings: settings('api', rules) };
  await cycle({ job: 'edge', provider: 'consul-0' }, () => services('edge', 4));
  await cycle({ job: hostile.job, provider: 'consul-0' }, hostileGroups);
  await cycle(legacy, () => services('legacy', 6));
  await cycle(batch, () => services('batch', 30));
  for (let step = 0; step < 40; step++) {
    time = end.getTime() - (160 - 4 * step) * minute;
    await cycle(api, () => services('api', 48 + Math.round(14 * Math.sin(step / 5)), step), withRules);
    await cycle(shop, () => pods('cart', 12 + (step >> 4)));
  }
  time = end.getTime() - minute;
  await cycle(api, () => services('api', 60, 39), withRules);
  await cycle(shop, () => pods('cart', 14));
  await cycle({ job: hostile.job, provider: 'consul-0' }, hostileGroups);
  await cycle(batch, () => services('batch', 3));
  await cycle(legacy, () => {
    throw new MusterError('unreachable', 'http://consul.example:8500 does not answer: connection refused');
  });
  return { store, now: end };
}

/** Rules that keep most, drop some, name and map labels. */
const rules = [
  { source_labels: ['__meta_consul_health'], regex: 'critical', action: 'drop' },
  { source_labels: ['__meta_consul_tags'], regex: '.*,canary,.*', action: 'drop' },
  { source_labels: ['__meta_consul_dc', '__meta_consul_node'], separator: '/', target_label: 'node' },
  { regex: '__meta_consul_service_metadata_(.+)', action: 'labelmap' },
  { source_labels: ['__meta_consul_service'], regex: '(.*)-old', target_label: 'service' },
];

function settings(job: string, written: unknown): Provider['settings'] {
  return settingsOf({
    ...{ mechanism: 'consul', server: 'http://consul.example:8500', refreshInterval: 30_000 },
    ...{ relabel: 'prometheus', labels: 'all', guard: providerOf(() => []).guard },
    scrapeLabels: { job, __scheme__: 'http', __metrics_path__: '/metrics' },
    rules: relabelConfigs.parse(written),
  });
}

/** Pods of a deployment, as Kubernetes lists them. */
function pods(name: string, count: number): readonly TargetGroup[] {
  return Array.from({ length: count }, (_, index) => ({
    source: `pod/shop/${name}-${index}`,
    labels: {
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: `${name}-${index}`,
      __meta_kubernetes_pod_node_name: `node-${index % 3}`,
    },
    targets: [
      {
        __address__: `10.4.0.${index + 1}:8080`,
        __meta_kubernetes_pod_container_name: name,
        __meta_kubernetes_pod_container_port_name: 'http',
      },
    ],
  }));
}

/** Instances of a service, four in a group; a later step moves some of them to another version. */
export function services(name: string, count: number, step = 0): readonly TargetGroup[] {
  const instances = Array.from({ length: count }, (_, index) => instance(name, index, step));
  return Array.from({ length: Math.ceil(count / 4) }, (_, group) => ({
    source: `${name}/${group}`,
    labels: {},
    targets: instances.slice(4 * group, 4 * group + 4),
  }));
}

function instance(name: string, index: number, step: number): LabelSet {
  const address = `10.${name.length}.0.${index + 1}`;
  return {
    __address__: `${address}:9100`,
    __meta_consul_address: address,
    __meta_consul_dc: index % 2 === 0 ? 'eu-1' : 'eu-2',
    __meta_consul_health: index % 9 === 4 ? 'warning' : 'passing',
    __meta_consul_node: `node-${String(index % 7).padStart(2, '0')}`,
    __meta_consul_service: name,
    __meta_consul_service_id: `${name}-${index}`,
    __meta_consul_service_metadata_version: `1.${(step >> 3) + (index % 8 < step % 8 ? 1 : 0)}.0`,
    __meta_consul_tags: index % 3 === 0 ? ',prod,canary,' : ',prod,',
  };
}

function hostileGroups(): readonly TargetGroup[] {
  const { label, value } = hostile;
  return [
    {
      source: value,
      labels: { [label]: value, quoted: `it's "quoted" \\ \u0000` },
      targets: [{ __address__: '10.66.6.6:80' }, { __address__: `<b>bold</b>:1` }],
    },
  ];
}
