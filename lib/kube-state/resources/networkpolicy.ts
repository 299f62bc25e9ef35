import { list, struct } from '../../backends/kubernetes/wire/fields.ts';
import { zeroTime } from '../../backends/kubernetes/wire/scalars.ts';
import { resource } from '../resource.ts';
import { annotations, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/networkpolicy-metrics. */
export const networkPolicy = resource({
  resource: 'networkpolicies',
  apiVersion: 'networking.k8s.io/v1',
  listKind: 'NetworkPolicyList',
  namespaced: true,
  identity: ['namespace', 'networkpolicy'],
  fields: { spec: struct(2, { ingress: list(2, {}), egress: list(3, {}) }) },
  families: [
    {
      name: 'kube_networkpolicy_created',
      help: 'Unix creation timestamp of network policy',
      value: ({ creationTimestamp = zeroTime }) => creationTimestamp,
    },
    annotations('networkpolicy'),
    labels('networkpolicy'),
    {
      name: 'kube_networkpolicy_spec_ingress_rules',
      help: 'Number of ingress rules on the networkpolicy',
      value: ({ spec }) => spec.ingress.length,
    },
    {
      name: 'kube_networkpolicy_spec_egress_rules',
      help: 'Number of egress rules on the networkpolicy',
      value: ({ spec }) => spec.egress.length,
    },
  ],
});
