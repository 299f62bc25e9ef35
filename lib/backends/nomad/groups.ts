import { addressLabel, type LabelSet, type TargetGroup, withoutEmpty } from '../../target/group.ts';
import { joinHostPort } from '../../target/labels.ts';
import type { Registration } from './bodies.ts';
import { labels } from './labels.ts';

/** A service, as Nomad names it. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** The target group of one service: a target for each instance. */
export function buildServiceGroup(
  { namespace, name }: ServiceName,
  registrations: readonly Registration[],
  tagSeparator: string,
): TargetGroup {
  return {
    source: `${namespace}/${name}`,
    labels: {},
    targets: registrations.map((registration) => buildTarget(registration, tagSeparator)),
  };
}

function buildTarget(registration: Registration, separator: string): LabelSet {
  const { Address, Port, Tags } = registration;
  return withoutEmpty({
    [addressLabel]: joinHostPort(Address, Port),
    [labels.address]: Address,
    [labels.datacenter]: registration.Datacenter,
    [labels.namespace]: registration.Namespace,
    [labels.nodeId]: registration.NodeID,
    [labels.service]: registration.ServiceName,
    [labels.serviceAddress]: Address,
    [labels.serviceId]: registration.ID,
    [labels.servicePort]: String(Port),
    // Separators at both ends too, so that a rule can look for `,tag,` wherever the tag stands.
    [labels.tags]: Tags.length === 0 ? '' : separator + Tags.join(separator) + separator,
  });
}
