import * as z from 'zod';
import { intField, listBody, listField, mapField, structField, textField } from '../../http/json.ts';
import { compare } from '../../targets/canonical.ts';
import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  mapLabels,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';
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
  /** Whether a network with IPv6 alone gives an address, as it does since Prometheus 3.14. */
  readonly ipv6Alone: boolean;
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
  const ip = endpoint.IPAddress || (context.ipv6Alone ? endpoint.GlobalIPv6Address : '');
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

/** A port that the image exposes or the container publishes: with a public one it is reachable from outside. */
const port = structField({
  IP: textField,
  PrivatePort: intField,
  PublicPort: intField,
  Type: textField,
});

/** The container's end of a network. */
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

/** `GET /containers/json`, as far as it is read. Source: Docker Engine API reference, ContainerList. */
export const containerList = listBody(container);

export type Container = z.infer<typeof container>;
type Port = z.infer<typeof port>;
type Endpoint = z.infer<typeof endpoint>;

/** `GET /info`, as far as it is read. */
export const engineInfo = z.object({ ID: z.string().min(1) });
