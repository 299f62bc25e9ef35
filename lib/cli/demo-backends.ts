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
}

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
    },
  ];
}

const refresh_interval = '1s';
