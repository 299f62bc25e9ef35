import { endpointAddress, endpointSubset } from '../../backends/kubernetes/kinds/messages.ts';
import { list, take } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/service/endpoint-metrics. */
export const endpoints = resource({
  resource: 'endpoints',
  apiVersion: 'v1',
  listKind: 'EndpointsList',
  namespaced: true,
  notByDefault: true,
  identity: ['namespace', 'endpoint'],
  fields: {
    subsets: list(2, endpointSubset(take(endpointAddress, 'ip'))),
  },
  families: [
    { name: 'kube_endpoint_info', help: 'Information about endpoint.', stable: true, value: () => 1 },
    created('endpoint', { stable: true }),
    annotations('endpoint'),
    labels('endpoint', { stable: true }),
    {
      name: 'kube_endpoint_address',
      help: 'Information about Endpoint available and non available addresses.',
      stable: true,
      labels: ['port_protocol', 'port_number', 'port_name', 'ip', 'ready'],
      samples({ subsets }, add) {
        for (const { ports, addresses, notReadyAddresses } of subsets) {
          for (const { protocol, port, name } of ports) {
            for (const { ip } of addresses) add(1, protocol, `${port}`, name, ip, 'true');
            for (const { ip } of notReadyAddresses) add(1, protocol, `${port}`, name, ip, 'false');
          }
        }
      },
    },
    {
      name: 'kube_endpoint_ports',
      help: 'Information about the Endpoint ports.',
      stable: true,
      deprecated: 'v2.14.0',
      labels: ['port_name', 'port_protocol', 'port_number'],
      samples({ subsets }, add) {
        for (const { ports } of subsets) {
          for (const { name, protocol, port } of ports) add(1, name, protocol, `${port}`);
        }
      },
    },
  ],
});
