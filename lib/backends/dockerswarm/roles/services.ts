import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../../target/group.ts';
import { joinHostPort } from '../../../target/labels.ts';
import type { Service } from '../bodies.ts';
import { serviceLabels, tcpPorts } from '../common.ts';
import { labels } from '../labels.ts';

/** The group of a service: its virtual IP in each network, with each published TCP port, else the port configured. */
export function buildServiceGroup(
  service: Service,
  networks: ReadonlyMap<string, LabelSet>,
  port: number,
): TargetGroup {
  const { Spec, Endpoint, UpdateStatus } = service;
  const published = tcpPorts(Endpoint.Ports);
  return {
    source: service.ID,
    labels: withoutEmpty({
      ...serviceLabels(service),
      [labels.serviceTaskContainerImage]: Spec.TaskTemplate.ContainerSpec?.Image ?? '',
      [labels.serviceTaskContainerHostname]: Spec.TaskTemplate.ContainerSpec?.Hostname ?? '',
      [labels.serviceUpdatingStatus]: UpdateStatus?.State ?? '',
    }),
    // A service in the host's network is listed there without an address.
    targets: Endpoint.VirtualIPs.filter(({ Addr }) => Addr !== '').flatMap(({ NetworkID, Addr }) => {
      const network = networks.get(NetworkID) ?? {};
      if (published.length === 0)
        return [withoutEmpty({ ...network, [addressLabel]: joinHostPort(Addr, port) })];
      return published.map(({ Name, PublishMode, PublishedPort }) =>
        withoutEmpty({
          ...network,
          [addressLabel]: joinHostPort(Addr, PublishedPort),
          [labels.serviceEndpointPortName]: Name,
          [labels.serviceEndpointPortPublishMode]: PublishMode,
        }),
      );
    }),
  };
}
