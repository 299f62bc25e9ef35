import type { StanzaReader } from '../config/muster-config.ts';
import { consul } from './consul/index.ts';
import { dns } from './dns/index.ts';
import { docker } from './docker/index.ts';
import { dockerswarm } from './dockerswarm/index.ts';
import { kubernetes } from './kubernetes/index.ts';
import { marathon } from './marathon/index.ts';
import { bindMechanism, type Stanza } from './mechanism.ts';
import { swarm } from './swarm/index.ts';
import { nerve, serverset } from './zookeeper/index.ts';

/** All backends. A new one is a line here. */
export const mechanisms: readonly StanzaReader<Stanza>[] = [
  bindMechanism(consul),
  bindMechanism(dns),
  bindMechanism(docker),
  bindMechanism(dockerswarm),
  bindMechanism(kubernetes),
  bindMechanism(marathon),
  bindMechanism(nerve),
  bindMechanism(serverset),
  bindMechanism(swarm),
];
