import { compare } from '../../target/canonical.ts';
import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../target/group.ts';
import { joinHostPort } from '../../target/labels.ts';
import { mapLabels } from '../../target/map-labels.ts';
import type { Container, Endpoint, Port } from './bodies.ts';
import { labels } from './labels.ts';

/** What the addresses depend on beside the containers. */
export interface ContainerContext {
  /** Labels of each network by its ID. */
  readonly networks: ReadonlyMap<string, LabelSet>;
  /** Port of containers that expose none over TCP. */
  readonly port: number;
  /** Address of containers in the host's network, with or without a port. */
  readonly hostNetworkingHost: string;
  /** Of a container's networks only the first one by name. */
  readonly matchFirstNetwork: boolean;
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
  // One that is being removed has no name any more.
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

/** The container's own networks, or those of the container whose network it shares, which may itself share one. */
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
  // IPAddress is empty in a network that has IPv6 alone.
  const ip = endpoint.IPAddress || endpoint.GlobalIPv6Address;
  const network = { ...context.networks.get(endpoint.NetworkID), [labels.networkIp]: ip };
  const ports = container.Ports.filter(({ Type }) => Type === 'tcp');
  if (ports.length > 0) return ports.map((port) => withoutEmpty({ ...network, ...portLabels(ip, port) }));
  const isInHostNetwork = container.HostConfig.NetworkMode === 'host';
  const address = isInHostNetwork ? context.hostNetworkingHost : joinHostPort(ip, context.port);
  return [withoutEmpty({ ...network, [addressLabel]: address })];
}

function portLabels(ip: string, { IP, PrivatePort, PublicPort }: Port): LabelSet {
  return {
    [addressLabel]: joinHostPort(ip, PrivatePort),
    [labels.portPrivate]: String(PrivatePort),
    ...(PublicPort > 0 && { [labels.portPublic]: String(PublicPort), [labels.portPublicIp]: IP }),
  };
}
