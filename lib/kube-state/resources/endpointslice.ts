import { endpointConditions, objectReference } from '../../backends/kubernetes/kinds/messages.ts';
import {
  list,
  optionalInteger,
  pointer,
  strings,
  struct,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/service/endpointslice-metrics. */
export const endpointSlice = resource({
  resource: 'endpointslices',
  apiVersion: 'discovery.k8s.io/v1',
  listKind: 'EndpointSliceList',
  namespaced: true,
  identity: ['endpointslice', 'namespace'],
  fields: {
    endpoints: list(2, {
      addresses: strings(1),
      conditions: struct(2, endpointConditions),
      hostname: word(3),
      targetRef: pointer(4, objectReference),
      nodeName: word(6),
      zone: word(7),
      hints: pointer(8, { forZones: list(1, { name: word(1) }) }),
    }),
    ports: list(3, { name: word(1), protocol: word(2), port: optionalInteger(3) }),
    addressType: word(4),
  },
  families: [
    {
      name: 'kube_endpointslice_info',
      help: 'Information about endpointslice.',
      labels: ['addresstype'],
      samples: ({ addressType }, add) => add(1, addressType),
    },
    created('endpointslice'),
    {
      name: 'kube_endpointslice_endpoints_hints',
      help: 'Topology routing hints attached to endpoints',
      labels: ['address', 'for_zone'],
      samples({ endpoints }, add) {
        for (const { addresses, hints } of endpoints) {
          const [address] = addresses;
          if (address === undefined) continue;
          for (const { name } of hints?.forZones ?? []) add(1, address, name);
        }
      },
    },
    {
      name: 'kube_endpointslice_endpoints',
      help: 'Endpoints attached to the endpointslice.',
      labels: [
        'ready',
        'serving',
        'hostname',
        'terminating',
        'targetref_kind',
        'targetref_name',
        'targetref_namespace',
        'endpoint_nodename',
        'endpoint_zone',
        'address',
      ],
      samples({ endpoints }, add) {
        for (const { addresses, conditions, hostname, targetRef, nodeName, zone } of endpoints) {
          const { kind = '', name = '', namespace = '' } = targetRef ?? {};
          const ready = shown(conditions.ready);
          const serving = shown(conditions.serving);
          const terminating = shown(conditions.terminating);
          for (const address of addresses)
            add(1, ready, serving, hostname, terminating, kind, name, namespace, nodeName, zone, address);
        }
      },
    },
    {
      name: 'kube_endpointslice_ports',
      help: 'Ports attached to the endpointslice.',
      labels: ['port_name', 'port_protocol', 'port_number'],
      samples({ ports }, add) {
        for (const { name, protocol, port } of ports) add(1, name, protocol, `${port ?? ''}`);
      },
    },
    annotations('endpointslice'),
    labels('endpointslice'),
  ],
});

function shown(condition: boolean | undefined): string {
  return condition === undefined ? '' : `${condition}`;
}
