import type { DockerContainer, DockerEndpoint, DockerNetwork, DockerPort } from './containers.ts';
import type { SwarmNode, SwarmPort, SwarmService, SwarmTask } from './swarm.ts';

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
    Ports: container.ports.map(containerPortBody),
    Labels: container.labels,
    State: container.state,
    Status: 'Up 2 hours',
    HostConfig: { NetworkMode: container.networkMode },
    NetworkSettings: { Networks: Object.fromEntries(networks) },
    Mounts: [],
  };
}

function containerPortBody({ type, inside, published }: DockerPort): object {
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

const meta = {
  Version: { Index: 9 },
  CreatedAt: '2026-11-01T08:28:32.550571229Z',
  UpdatedAt: '2026-11-01T08:28:33.069155663Z',
};

/** An element of `GET /nodes`. Source: Docker 20.10 (API 1.41), as for all bodies here. */
export function nodeBody({ id, hostname, address, manager, ...node }: SwarmNode): object {
  return {
    ID: id,
    ...meta,
    Spec: {
      Labels: node.labels,
      Role: manager ? 'manager' : 'worker',
      Availability: node.availability,
    },
    Description: {
      Hostname: hostname,
      Platform: { Architecture: node.arch, OS: 'linux' },
      Resources: { NanoCPUs: 2_000_000_000, MemoryBytes: 25_276_510_208 },
      Engine: { EngineVersion: '20.10.24+dfsg1', Plugins: [{ Type: 'Network', Name: 'overlay' }] },
      TLSInfo: {},
    },
    Status: { State: node.state, Addr: address },
    ...(manager && {
      ManagerStatus: {
        ...(manager.leader && { Leader: true }),
        Reachability: manager.reachability,
        Addr: address.includes(':') ? `[${address}]:2377` : `${address}:2377`,
      },
    }),
  };
}

/** An element of `GET /services`. */
export function serviceBody(service: SwarmService): object {
  const { id, name, labels, mode, update } = service;
  const ports = service.ports.map(servicePortBody);
  const isReachable = ports.length > 0 || service.virtualIps.length > 0;
  return {
    ID: id,
    ...meta,
    Spec: {
      Name: name,
      Labels: labels,
      TaskTemplate: { ...runtime(service), ForceUpdate: 0 },
      Mode: { [mode]: mode === 'Replicated' ? { Replicas: 2 } : {} },
    },
    Endpoint: {
      Spec: isReachable ? { Mode: 'vip', ...(ports.length > 0 && { Ports: ports }) } : {},
      ...(ports.length > 0 && { Ports: ports }),
      ...(service.virtualIps.length > 0 && {
        VirtualIPs: service.virtualIps.flatMap(({ networkId, addresses }) =>
          addresses.length === 0
            ? [{ NetworkID: networkId }]
            : addresses.map((address) => ({ NetworkID: networkId, Addr: address })),
        ),
      }),
    },
    ...(update !== undefined && { UpdateStatus: { State: update, Message: 'update' } }),
  };
}

function runtime({ image, hostname, containerLabels }: SwarmService): object {
  if (image === undefined)
    return { PluginSpec: { Name: 'volumes', Remote: 'store/volumes:1', Disabled: false }, Runtime: 'plugin' };
  return {
    ContainerSpec: {
      Image: image,
      ...(Object.keys(containerLabels).length > 0 && { Labels: containerLabels }),
      ...(hostname !== '' && { Hostname: hostname }),
      Isolation: 'default',
    },
    Runtime: 'container',
  };
}

/** An element of `GET /tasks`. */
export function taskBody(task: SwarmTask): object {
  // Nodes report their ports without the names.
  const hostPorts = task.hostPorts.map((port) => servicePortBody({ ...port, name: '' }));
  return {
    ID: task.id,
    ...meta,
    Labels: {},
    Spec: {
      ...(task.isPlugin ? { PluginSpec: {} } : { ContainerSpec: { Image: 'app', Labels: task.labels } }),
      ForceUpdate: 0,
    },
    ServiceID: task.serviceId,
    ...(task.slot > 0 && { Slot: task.slot }),
    ...(task.nodeId !== '' && { NodeID: task.nodeId }),
    Status: {
      Timestamp: '2026-11-01T08:28:33Z',
      State: task.state,
      Message: task.state,
      ...(task.containerId !== '' && {
        ContainerStatus: { ContainerID: task.containerId, PID: 1, ExitCode: 0 },
      }),
      PortStatus: task.hostPorts.length > 0 ? { Ports: hostPorts } : {},
    },
    DesiredState: task.desiredState,
    ...(task.attachments.length > 0 && {
      NetworksAttachments: task.attachments.map(({ networkId, addresses }) => ({
        Network: { ID: networkId, ...meta },
        ...(addresses.length > 0 && { Addresses: addresses }),
      })),
    }),
  };
}

function servicePortBody({ name, type, inside, published, mode }: SwarmPort): object {
  return {
    ...(name !== '' && { Name: name }),
    Protocol: type,
    TargetPort: inside,
    PublishedPort: published,
    PublishMode: mode,
  };
}
