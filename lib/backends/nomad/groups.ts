import * as z from 'zod';
import { intField, listBody, listField, structField, textField } from '../../http/json.ts';
import {
  addressLabel,
  joinHostPort,
  type LabelSet,
  type TargetGroup,
  withoutEmpty,
} from '../../targets/group.ts';

/** Labels that Nomad targets carry. Source: Prometheus configuration reference, nomad_sd_config. */
const labels = {
  address: '__meta_nomad_address',
  datacenter: '__meta_nomad_dc',
  namespace: '__meta_nomad_namespace',
  nodeId: '__meta_nomad_node_id',
  service: '__meta_nomad_service',
  serviceAddress: '__meta_nomad_service_address',
  serviceId: '__meta_nomad_service_id',
  servicePort: '__meta_nomad_service_port',
  tags: '__meta_nomad_tags',
} as const;

/** The name of a service in Nomad. */
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
    // Separators at both ends, so that a rule can match `,tag,` anywhere in the list.
    [labels.tags]: Tags.length === 0 ? '' : separator + Tags.join(separator) + separator,
  });
}

const service = z.object({ ServiceName: z.string().min(1) });

/** `GET /v1/services`: the names of the services, by namespace. Source: Nomad's API documentation, Services. */
export const serviceList = listBody(structField({ Namespace: textField, Services: listField(service) }));

const registration = z.object({
  ID: textField,
  ServiceName: textField,
  Namespace: textField,
  NodeID: textField,
  Datacenter: textField,
  Tags: listField(textField),
  Address: textField,
  Port: intField,
});

/** `GET /v1/service/:name`: the instances of a service. */
export const registrationList = listBody(registration);

/** An instance of a service. */
export type Registration = z.infer<typeof registration>;

/** `GET /v1/status/peers`: addresses of the region's servers. */
export const raftPeers = listBody(z.string().min(1));
