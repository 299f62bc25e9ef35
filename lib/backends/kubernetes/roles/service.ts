import { addressLabel, joinHostPort, type TargetGroup } from '../../../targets/group.ts';
import { type Kind, kind, type ObjectOf } from '../kinds/kind.ts';
import { serviceSpec, serviceStatus } from '../kinds/messages.ts';
import { labels } from '../labels.ts';
import { struct, take } from '../wire/fields.ts';
import {
  type Attached,
  compact,
  type DraftLabels,
  put,
  putNamespace,
  putService,
  set,
  targetMetadata,
} from './draft.ts';

const fields = {
  spec: struct(
    2,
    take(
      serviceSpec,
      'ports',
      'clusterIP',
      'type',
      'loadBalancerIP',
      'externalName',
      'ipFamilyPolicy',
      'ipFamilies',
    ),
  ),
  status: struct(3, serviceStatus),
};

/** A service as a target. */
export type Service = ObjectOf<typeof targetMetadata, typeof fields>;

/** Services as targets; their address families are for the endpoint slices of a shared list. Source of the fields: Kubernetes API reference, Service v1. */
export const service: Kind<Service> = kind(
  { resource: 'services', apiVersion: 'v1', listKind: 'ServiceList', namespaced: true },
  targetMetadata,
  fields,
);

/**
 * The group of a service: its ports at its DNS name. Undefined for a service without ports. Before 3.15 Prometheus took
 * the load balancer's address from `spec` alone; `balancerFromSpec` keeps to that.
 */
export function buildServiceGroup(
  service: Service,
  attached: Attached,
  { balancerFromSpec = false } = {},
): TargetGroup | undefined {
  const { namespace, name, spec } = service;
  const { type, ports } = spec;
  if (ports.length === 0) return undefined;
  const group: DraftLabels = [];
  putService(group, service);
  putNamespace(group, attached, namespace);

  const balancer = (balancerFromSpec ? '' : balancerIPs(service)) || spec.loadBalancerIP;
  const host = `${name}.${namespace}.svc`;
  const targets = ports.map((port) => {
    const target: DraftLabels = [addressLabel, joinHostPort(host, port.port)];
    if (type === 'ExternalName') put(target, labels.service.externalName, spec.externalName);
    else put(target, labels.service.clusterIp, spec.clusterIP);
    if (type === 'LoadBalancer') put(target, labels.service.loadBalancerIp, balancer);
    put(target, labels.service.portName, port.name);
    set(target, labels.service.portNumber, String(port.port));
    put(target, labels.service.portProtocol, port.protocol);
    put(target, labels.service.type, type);
    return compact(target);
  });
  return { source: `svc/${namespace}/${name}`, labels: compact(group), targets };
}

/** The addresses of the load balancer; empty when it has host names only. */
function balancerIPs({ status }: Service): string {
  return status.loadBalancer.ingress
    .map(({ ip }) => ip)
    .filter((ip) => ip !== '')
    .join(',');
}
