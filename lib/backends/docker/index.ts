import * as z from 'zod';
import * as field from '../../config/fields.ts';
import { withHttpClient } from '../../config/http-client.ts';
import type { KeyTexts } from '../../config/key-texts.ts';
import { hasSince } from '../../config/prometheus-version.ts';
import { httpSdConfig, ownFields } from '../../config/sd-config.ts';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/json.ts';
import { compare } from '../../targets/canonical.ts';
import {
  addressLabel,
  type LabelSet,
  mapLabels,
  type TargetGroup,
  targetAt,
  withoutEmpty,
} from '../../targets/group.ts';
import { backendNames } from '../listing.ts';
import type { LabelsSince, Mechanism } from '../mechanism.ts';
import {
  engineFields,
  engineTexts,
  listNetworkLabels,
  networkLabelNames,
  openEngine,
  shownHost,
} from './engine.ts';

const prefix = '__meta_docker_';

/**
 * Labels that containers of a Docker Engine carry. A `…Prefix` is followed by the name of a label in Docker, each
 * character that a label name cannot hold replaced by `_`. Source: Prometheus configuration reference,
 * docker_sd_config, as of August 2026.
 */
export const labels = {
  containerId: `${prefix}container_id`,
  containerName: `${prefix}container_name`,
  containerImage: `${prefix}container_image`,
  containerImageId: `${prefix}container_image_id`,
  containerNetworkMode: `${prefix}container_network_mode`,
  containerLabelPrefix: `${prefix}container_label_`,
  ...networkLabelNames(prefix),
  networkIp: `${prefix}network_ip`,
  portPrivate: `${prefix}port_private`,
  portPublic: `${prefix}port_public`,
  portPublicIp: `${prefix}port_public_ip`,
} as const;

/** An element of `docker_sd_configs`. Source: Prometheus configuration reference, docker_sd_config. */
export const dockerConfig = httpSdConfig('60s', {
  ...ownFields,
  ...engineFields,
  host_networking_host: field.text('localhost'),
  match_first_network: field.bool(true),
}).transform(withHttpClient);

/** One SD config after defaults and checks. */
type DockerConfig = z.output<typeof dockerConfig>;

/** The labels that came after Prometheus 3.5. Source: its repository. */
export const labelsSince: LabelsSince = {
  [labels.containerImage]: '3.15',
  [labels.containerImageId]: '3.15',
};

/** Containers of a Docker Engine: a group for each container in a network. */
export const docker: Mechanism<DockerConfig> = {
  name: 'docker',
  configKey: 'docker_sd_configs',
  schema: dockerConfig,
  labelsSince,
  server: ({ host }) => shownHost(host),
  async *discover(config, input) {
    const engine = await openEngine(config.host, config.http, input);
    const containers = await engine.list('containers/json', containerList, config.filters);
    const networks = await listNetworkLabels(engine, labels);
    input.onProgress?.({ read: containers.length, total: containers.length });
    yield buildContainerGroups(containers, {
      networks,
      port: config.port,
      hostNetworkingHost: config.host_networking_host,
      matchFirstNetwork: config.match_first_network,
      allowIpv6Only: hasSince(input.prometheus, '3.14'),
    });
    return await backendNames(input.signal, async (signal) => [(await engine.info(engineInfo, signal)).ID]);
  },
};

/** What targets depend on besides the containers. */
export interface ContainerContext {
  /** Labels of each network, by the network's ID. */
  readonly networks: ReadonlyMap<string, LabelSet>;
  /** Port of containers that expose no TCP port. */
  readonly port: number;
  /** Address of containers in the host's network, with or without a port. */
  readonly hostNetworkingHost: string;
  /** Whether only the first of a container's networks, by name, makes targets. */
  readonly matchFirstNetwork: boolean;
  /** Whether a network that has only IPv6 gives an address, as since Prometheus 3.14. */
  readonly allowIpv6Only: boolean;
}

/** A group for each container that has targets: one for each TCP port in each network. */
export function buildContainerGroups(
  containers: readonly Container[],
  context: ContainerContext,
): TargetGroup[] {
  const byId = new Map(containers.map((container) => [container.Id, container]));
  return containers
    .map((container) => buildContainerGroup(container, byId, context))
    .filter(({ targets }) => targets.length > 0);
}

type Containers = ReadonlyMap<string, Container>;

function buildContainerGroup(container: Container, byId: Containers, context: ContainerContext): TargetGroup {
  const [name] = container.Names;
  // A container that is being removed has lost its name.
  const endpoints = name === undefined ? [] : endpointsOf(container, byId, context);
  return {
    source: container.Id,
    labels: withoutEmpty({
      [labels.containerId]: container.Id,
      [labels.containerName]: name ?? '',
      [labels.containerImage]: container.Image,
      [labels.containerImageId]: container.ImageID,
      [labels.containerNetworkMode]: container.HostConfig.NetworkMode,
      ...mapLabels(labels.containerLabelPrefix, container.Labels),
    }),
    targets: endpoints.flatMap((endpoint) => buildTargets(container, endpoint, context)),
  };
}

function endpointsOf(container: Container, byId: Containers, context: ContainerContext): Endpoint[] {
  const endpoints = [...networksOf(container, byId)]
    .flatMap(([name, endpoint]) => (endpoint === null ? [] : [{ name, endpoint }]))
    .sort((a, b) => compare(a.name, b.name))
    .map(({ endpoint }) => endpoint);
  return context.matchFirstNetwork ? endpoints.slice(0, 1) : endpoints;
}

/** The container's networks, or those of the container whose network it shares, which may share another one's. */
function networksOf(container: Container, byId: Containers): Container['NetworkSettings'] {
  const passed = new Set<Container>();
  let owner = container;
  while (owner.NetworkSettings.size === 0 && !passed.has(owner)) {
    passed.add(owner);
    const shared = /^container:(?<id>.*)$/s.exec(owner.HostConfig.NetworkMode)?.groups?.id;
    const next = shared === undefined ? undefined : byId.get(shared);
    if (next === undefined) break;
    owner = next;
  }
  return owner.NetworkSettings;
}

function buildTargets(container: Container, endpoint: Endpoint, context: ContainerContext): LabelSet[] {
  // IPAddress is empty in a network that has only IPv6.
  const ip = endpoint.IPAddress || (context.allowIpv6Only ? endpoint.GlobalIPv6Address : '');
  const network = { ...context.networks.get(endpoint.NetworkID), [labels.networkIp]: ip };
  const ports = container.Ports.filter(({ Type }) => Type === 'tcp');
  if (ports.length > 0)
    return ports.map((port) => targetAt(ip, port.PrivatePort, { ...network, ...portLabels(port) }));
  const isInHostNetwork = container.HostConfig.NetworkMode === 'host';
  if (isInHostNetwork) return [withoutEmpty({ ...network, [addressLabel]: context.hostNetworkingHost })];
  return [targetAt(ip, context.port, network)];
}

function portLabels({ IP, PrivatePort, PublicPort }: Port): LabelSet {
  return {
    [labels.portPrivate]: String(PrivatePort),
    ...(PublicPort > 0 && { [labels.portPublic]: String(PublicPort), [labels.portPublicIp]: IP }),
  };
}

/** A port that the image exposes or the container publishes. A published one has a public port. */
const port = structField({
  IP: textField,
  PrivatePort: intField,
  PublicPort: intField,
  Type: textField,
});

/** The container's endpoint in a network. */
const endpoint = z.object({ NetworkID: textField, IPAddress: textField, GlobalIPv6Address: textField });

const container = z.object({
  Id: z.string().min(1),
  Names: listField(textField),
  Image: textField,
  ImageID: textField,
  Labels: mapField(textField),
  Ports: listField(port),
  // Podman's API leaves it out.
  HostConfig: structField({ NetworkMode: textField }),
  NetworkSettings: z
    .object({ Networks: mapField(endpoint.nullable()) })
    .nullish()
    .transform((value) => value?.Networks ?? new Map()),
});

/** `GET /containers/json`: the fields that are read. Source: Docker Engine API reference, ContainerList. */
export const containerList = listBody(container);

/** A container. */
export type Container = z.infer<typeof container>;
type Port = z.infer<typeof port>;
type Endpoint = z.infer<typeof endpoint>;

/** `GET /info`: the fields that are read. */
export const engineInfo = z.object({ ID: z.string().min(1) });

/** The keys of `docker_sd_configs`. */
export const dockerTexts: KeyTexts = {
  ...engineTexts,
  host_networking_host: ["Address of containers in the host's network.", '10.0.0.5'],
  match_first_network: ['Use only the first of several networks, by name.', false],
};
