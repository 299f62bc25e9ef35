import type { KeyTexts } from '../config/key-texts.ts';
import type { MechanismLoader } from '../config/load.ts';
import { sdKeyOf } from '../config/prometheus-keys.ts';
import { bindMechanism, type Mechanism, type SdConfig, type Stanza } from './mechanism.ts';

/** A backend that is loaded when a configuration has its key. */
export interface BackendLoader extends MechanismLoader<Stanza> {
  /** Descriptions of its keys, for the reference and the JSON schema. */
  readonly loadTexts: () => Promise<KeyTexts>;
}

/** All backends, in the order of their names. A new one is an entry here. */
export const mechanisms: readonly BackendLoader[] = [
  loaded(
    'aws',
    async () => (await import('./aws/index.ts')).aws,
    async () => (await import('./aws/key-texts.ts')).awsTexts,
  ),
  loaded(
    'consul',
    async () => (await import('./consul/index.ts')).consul,
    async () => (await import('./consul/key-texts.ts')).consulTexts,
  ),
  loaded(
    'dns',
    async () => (await import('./dns/index.ts')).dns,
    async () => (await import('./dns/schema.ts')).dnsTexts,
  ),
  loaded(
    'docker',
    async () => (await import('./docker/index.ts')).docker,
    async () => (await import('./docker/index.ts')).dockerTexts,
  ),
  loaded(
    'dockerswarm',
    async () => (await import('./dockerswarm/index.ts')).dockerswarm,
    async () => (await import('./dockerswarm/index.ts')).dockerSwarmTexts,
  ),
  loaded(
    'ec2',
    async () => (await import('./aws/ec2.ts')).ec2,
    async () => (await import('./aws/key-texts.ts')).ec2Texts,
  ),
  loaded(
    'ecs',
    async () => (await import('./aws/ecs.ts')).ecs,
    async () => (await import('./aws/key-texts.ts')).clustersTexts,
  ),
  loaded(
    'elasticache',
    async () => (await import('./aws/elasticache.ts')).elasticache,
    async () => (await import('./aws/key-texts.ts')).clustersTexts,
  ),
  loaded(
    'eureka',
    async () => (await import('./eureka/index.ts')).eureka,
    async () => (await import('./eureka/index.ts')).eurekaTexts,
  ),
  loaded(
    'file',
    async () => (await import('./file/index.ts')).file,
    async () => (await import('./file/index.ts')).fileTexts,
  ),
  loaded(
    'http',
    async () => (await import('./http/index.ts')).http,
    async () => (await import('./http/index.ts')).httpTexts,
  ),
  loaded(
    'kubernetes',
    async () => (await import('./kubernetes/index.ts')).kubernetes,
    async () => (await import('./kubernetes/schema.ts')).kubernetesTexts,
  ),
  loaded(
    'lightsail',
    async () => (await import('./aws/lightsail.ts')).lightsail,
    async () => (await import('./aws/key-texts.ts')).lightsailTexts,
  ),
  loaded(
    'marathon',
    async () => (await import('./marathon/index.ts')).marathon,
    async () => (await import('./marathon/key-texts.ts')).marathonTexts,
  ),
  loaded(
    'msk',
    async () => (await import('./aws/msk.ts')).msk,
    async () => (await import('./aws/key-texts.ts')).clustersTexts,
  ),
  loaded(
    'nerve',
    async () => (await import('./zookeeper/index.ts')).nerve,
    async () => (await import('./zookeeper/schema.ts')).zookeeperTexts,
  ),
  loaded(
    'nomad',
    async () => (await import('./nomad/index.ts')).nomad,
    async () => (await import('./nomad/index.ts')).nomadTexts,
  ),
  loaded(
    'rds',
    async () => (await import('./aws/rds.ts')).rds,
    async () => (await import('./aws/key-texts.ts')).rdsTexts,
  ),
  loaded(
    'serverset',
    async () => (await import('./zookeeper/index.ts')).serverset,
    async () => (await import('./zookeeper/schema.ts')).zookeeperTexts,
  ),
  loaded(
    'static',
    async () => (await import('./file/static.ts')).staticTargets,
    async () => (await import('./file/static.ts')).staticTexts,
  ),
  loaded(
    'swarm',
    async () => (await import('./swarm/index.ts')).swarm,
    async () => (await import('./swarm/index.ts')).swarmTexts,
  ),
];

/** The entry of a mechanism; its key is that of Prometheus. */
function loaded<Config extends SdConfig>(
  name: string,
  load: () => Promise<Mechanism<Config>>,
  loadTexts: () => Promise<KeyTexts>,
): BackendLoader {
  return { name, configKey: sdKeyOf(name), load: async () => bindMechanism(await load()), loadTexts };
}
