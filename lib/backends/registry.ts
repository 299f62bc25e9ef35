import type { MechanismLoader } from '../config/load.ts';
import { bindMechanism, type Mechanism, type SdConfig, type Stanza } from './mechanism.ts';

/** All backends. A new one is a line here. */
export const mechanisms: readonly MechanismLoader<Stanza>[] = [
  loaded('consul', async () => (await import('./consul/index.ts')).consul),
  loaded('dns', async () => (await import('./dns/index.ts')).dns),
  loaded('docker', async () => (await import('./docker/index.ts')).docker),
  loaded('dockerswarm', async () => (await import('./dockerswarm/index.ts')).dockerswarm),
  loaded('eureka', async () => (await import('./eureka/index.ts')).eureka),
  loaded('http', async () => (await import('./http/index.ts')).http),
  loaded('kubernetes', async () => (await import('./kubernetes/index.ts')).kubernetes),
  loaded('marathon', async () => (await import('./marathon/index.ts')).marathon),
  loaded('nerve', async () => (await import('./zookeeper/index.ts')).nerve),
  loaded('nomad', async () => (await import('./nomad/index.ts')).nomad),
  loaded('serverset', async () => (await import('./zookeeper/index.ts')).serverset),
  loaded('swarm', async () => (await import('./swarm/index.ts')).swarm),
];

/** A mechanism of this name, whose key is made of it as in Prometheus; loaded when a configuration has that key. */
function loaded<Config extends SdConfig>(
  name: string,
  load: () => Promise<Mechanism<Config>>,
): MechanismLoader<Stanza> {
  return { name, configKey: `${name}_sd_configs`, load: async () => bindMechanism(await load()) };
}
