import { startConsulFleet } from '../fleet/consul.ts';
import { startKubernetesFleet } from '../fleet/kubernetes.ts';
import { startMarathonFleet } from '../fleet/marathon.ts';
import type { FleetServer } from '../fleet/server.ts';

/** A simulated backend on loopback. */
export interface DemoBackend {
  /** As people call it. */
  readonly title: string;
  /** The job that lists it. */
  readonly job: string;
  /** The job's SD configs, by their key. */
  readonly sdConfigs: Readonly<Record<string, readonly object[]>>;
  readonly fleet: FleetServer & { readonly mutate: () => readonly string[] };
  /** What may befall it. */
  readonly trouble?: Trouble;
}

/** Something that goes wrong for a while. */
export interface Trouble {
  /** One line for who watches. */
  readonly says: string;
  /** Brings it about, and returns what ends it. */
  readonly begin: () => () => void;
}

/** Resources of the simulated cluster that the demo publishes as kube state. */
export const demoResources = ['nodes', 'pods', 'services'] as const;

/** Starts one backend of each kind that the demo shows; whoever starts them stops their fleets. */
export async function startDemoBackends(): Promise<readonly DemoBackend[]> {
  const [consul, kubernetes, marathon] = await Promise.all([
    startConsulFleet({ seed: 'demo', services: 12, instances: 60 }),
    startKubernetesFleet({ seed: 'demo', pods: 90 }),
    startMarathonFleet({ seed: 'demo', apps: 12 }),
  ]);
  return [
    {
      ...{ title: 'Consul', job: 'consul', fleet: consul },
      sdConfigs: { consul_sd_configs: [{ server: consul.url, refresh_interval }] },
      trouble: {
        says: 'Consul loses most of its instances: the guard holds the drop, and the last good list stays',
        begin() {
          const before = consul.world();
          consul.replace({ ...before, instances: before.instances.slice(0, 8) });
          return () => consul.replace(before);
        },
      },
    },
    {
      ...{ title: 'Kubernetes', job: 'kubernetes', fleet: kubernetes },
      sdConfigs: {
        kubernetes_sd_configs: [{ api_server: kubernetes.url, role: 'pod', refresh_interval }],
      },
    },
    {
      ...{ title: 'Marathon', job: 'marathon', fleet: marathon },
      sdConfigs: { marathon_sd_configs: [{ servers: [marathon.url], refresh_interval }] },
      trouble: {
        says: 'Marathon answers with errors: its cycles fail, and the last good list stays',
        begin: () => marathon.faults.add({ kind: 'status', status: 503 }),
      },
    },
  ];
}

const refresh_interval = '1s';
