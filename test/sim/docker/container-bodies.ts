import type { DockerContainer, DockerEndpoint, DockerNetwork, DockerPort } from './containers.ts';

/** An element of `GET /containers/json`. Source: Docker 20.10 (API 1.41). */
export function containerBody(container: DockerContainer): object {
  const networks = Object.entries(container.networks).map(([name, endpoint]) => [
    name,
    endpoint && endpointBody(endpoint),
  ]);
  return {
    Id: container.id,
    Names: container.names.length === 0 ? null : container.names,
    Image: container.image,
    ImageID: `sha256:${container.id}`,
    Command: 'serve --all',
    Created: 1_795_249_808,
    Ports: container.ports.map(portBody),
    Labels: container.labels,
    State: container.state,
    Status: 'Up 2 hours',
    HostConfig: { NetworkMode: container.networkMode },
    NetworkSettings: { Networks: Object.fromEntries(networks) },
    Mounts: [],
  };
}

function portBody({ type, inside, published }: DockerPort): object {
  return {
    ...(published && { IP: published.ip }),
    PrivatePort: inside,
    ...(published && { PublicPort: published.port }),
    Type: type,
  };
}

function endpointBody({ networkId, ip, ipv6 }: DockerEndpoint): object {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    NetworkID: networkId,
    EndpointID: '',
    Gateway: '',
    IPAddress: ip,
    IPPrefixLen: ip === '' ? 0 : 16,
    IPv6Gateway: '',
    GlobalIPv6Address: ipv6,
    GlobalIPv6PrefixLen: ipv6 === '' ? 0 : 64,
    MacAddress: '',
    DriverOpts: null,
  };
}

/** An element of `GET /networks`. */
export function networkBody(network: DockerNetwork): object {
  return {
    Name: network.name,
    Id: network.id,
    Created: '2026-11-01T08:28:32.550610566Z',
    Scope: network.scope,
    Driver: network.driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: [] },
    Internal: network.internal,
    Attachable: false,
    Ingress: network.ingress,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    // Overlay networks are listed without both.
    Containers: network.scope === 'swarm' ? null : {},
    Options: {},
    Labels: network.scope === 'swarm' && Object.keys(network.labels).length === 0 ? null : network.labels,
  };
}
