import { type SwarmStyle, swarmRows } from './swarm-rows.ts';
import type { SwarmWorld, SwarmWorldNode } from './swarm-world.ts';

/** Body of `/info` with the rows in that style; the rest is as Swarm 1.1 has it. */
export function swarmInfoBody(world: SwarmWorld, style: SwarmStyle): object {
  const sum = (of: (node: SwarmWorldNode) => number) => world.nodes.reduce((all, node) => all + of(node), 0);
  const running = sum(({ containers }) => containers.running);
  const paused = sum(({ containers }) => containers.paused);
  const stopped = sum(({ containers }) => containers.stopped);
  return {
    ID: '',
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: 0,
    Driver: '',
    DriverStatus: null,
    SystemStatus: null,
    [style.field]: swarmRows(world, style),
    Plugins: { Volume: null, Network: null, Authorization: null },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    IPv4Forwarding: true,
    BridgeNfIptables: true,
    BridgeNfIp6tables: true,
    Debug: false,
    NFd: 0,
    OomKillDisable: true,
    NGoroutines: 0,
    SystemTime: '2016-04-05T09:23:50.830465718Z',
    ExecutionDriver: '',
    LoggingDriver: '',
    NEventsListener: 0,
    KernelVersion: '3.10.0-229.4.2.el7.x86_64',
    OperatingSystem: 'linux',
    OSType: '',
    Architecture: 'amd64',
    IndexServerAddress: '',
    RegistryConfig: null,
    NCPU: sum(({ cpus }) => cpus.total),
    MemTotal: sum(({ memory }) => memory.total),
    DockerRootDir: '',
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: world.name,
    Labels: null,
    ExperimentalBuild: false,
    ServerVersion: '',
    ClusterStore: '',
    ClusterAdvertise: '',
  };
}
