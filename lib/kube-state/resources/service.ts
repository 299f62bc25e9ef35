import { serviceSpec, serviceStatus } from '../../backends/kubernetes/kinds/messages.ts';
import { struct, take } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, deletionTimestamp, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/service/service-metrics. */
export const service = resource({
  resource: 'services',
  apiVersion: 'v1',
  listKind: 'ServiceList',
  namespaced: true,
  identity: ['namespace', 'service', 'uid'],
  fields: {
    spec: struct(
      2,
      take(
        serviceSpec,
        'clusterIP',
        'type',
        'externalIPs',
        'loadBalancerIP',
        'externalName',
        'externalTrafficPolicy',
      ),
    ),
    status: struct(3, serviceStatus),
  },
  families: [
    {
      name: 'kube_service_info',
      help: 'Information about service.',
      stable: true,
      labels: ['cluster_ip', 'external_name', 'load_balancer_ip', 'external_traffic_policy'],
      samples({ spec }, add) {
        add(1, spec.clusterIP, spec.externalName, spec.loadBalancerIP, spec.externalTrafficPolicy);
      },
    },
    created('service', { stable: true }),
    {
      name: 'kube_service_spec_type',
      help: 'Type about service.',
      stable: true,
      labels: ['type'],
      samples: ({ spec }, add) => add(1, spec.type),
    },
    annotations('service'),
    labels('service', { stable: true }),
    {
      name: 'kube_service_spec_external_ip',
      help: 'Service external ips. One series for each ip',
      stable: true,
      labels: ['external_ip'],
      samples({ spec }, add) {
        for (const ip of spec.externalIPs) add(1, ip);
      },
    },
    {
      name: 'kube_service_status_load_balancer_ingress',
      help: 'Service load balancer ingress status',
      stable: true,
      labels: ['ip', 'hostname'],
      samples({ status }, add) {
        for (const { ip, hostname } of status.loadBalancer.ingress) add(1, ip, hostname);
      },
    },
    deletionTimestamp('service'),
  ],
});
