import { addressLabel, joinHostPort, type TargetGroup } from '../../../targets/group.ts';
import { labels } from '../labels.ts';
import type { Service } from '../objects.ts';
import { type Attached, compact, type DraftLabels, put, putNamespace, putService } from './draft.ts';

/** The ports of a service at its DNS name; `undefined` for a service without ports. */
export function buildServiceGroup(service: Service, attached: Attached): TargetGroup | undefined {
  const { namespace, name, type, ports } = service;
  if (ports.length === 0) return undefined;
  const group: DraftLabels = {};
  putService(group, service);
  putNamespace(group, attached, namespace);

  // The address that was asked for stands in for those that the load balancer has.
  const balancer = service.balancerIPs.join(',') || service.loadBalancerIP;
  const host = `${name}.${namespace}.svc`;
  const targets = ports.map((port) => {
    const target: DraftLabels = { [addressLabel]: joinHostPort(host, port.port) };
    if (type === 'ExternalName') put(target, labels.service.externalName, service.externalName);
    else put(target, labels.service.clusterIp, service.clusterIP);
    if (type === 'LoadBalancer') put(target, labels.service.loadBalancerIp, balancer);
    put(target, labels.service.portName, port.name);
    target[labels.service.portNumber] = String(port.port);
    put(target, labels.service.portProtocol, port.protocol);
    put(target, labels.service.type, type);
    return target;
  });
  return { source: `svc/${namespace}/${name}`, labels: compact(group), targets };
}
