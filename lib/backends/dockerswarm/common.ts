import type { LabelSet } from '../../target/group.ts';
import { mapLabels } from '../../target/map-labels.ts';
import type { Node, Port, Service } from './bodies.ts';
import { labels } from './labels.ts';

/** Labels that a service has as itself and at its tasks. */
export function serviceLabels({ ID, Spec }: Service): LabelSet {
  return {
    [labels.serviceId]: ID,
    [labels.serviceName]: Spec.Name,
    [labels.serviceMode]: modeOf(Spec.Mode),
    ...mapLabels(labels.serviceLabelPrefix, Spec.Labels),
  };
}

/** Labels that a node has as itself and at its tasks. */
export function nodeLabels({ ID, Spec, Description, Status }: Node): LabelSet {
  return {
    [labels.nodeId]: ID,
    [labels.nodeHostname]: Description.Hostname,
    [labels.nodeAddress]: Status.Addr,
    [labels.nodeAvailability]: Spec.Availability,
    [labels.nodePlatformArchitecture]: Description.Platform.Architecture,
    [labels.nodePlatformOs]: Description.Platform.OS,
    [labels.nodeRole]: Spec.Role,
    [labels.nodeStatus]: Status.State,
    ...mapLabels(labels.nodeLabelPrefix, Spec.Labels),
  };
}

/** Prometheus scrapes over TCP alone. */
export function tcpPorts(ports: readonly Port[]): Port[] {
  return ports.filter(({ Protocol }) => Protocol === 'tcp');
}

/** Jobs (`ReplicatedJob`, `GlobalJob`) have no word here, as in Prometheus. */
function modeOf({ Global, Replicated }: Service['Spec']['Mode']): string {
  if (isThere(Global)) return 'global';
  return isThere(Replicated) ? 'replicated' : '';
}

const isThere = (value: unknown) => value !== undefined && value !== null;
