import { condition } from '../../backends/kubernetes/kinds/messages.ts';
import { list, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { addStates, annotations, conditions, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/cluster/namespace-metrics. */
export const namespace = resource({
  resource: 'namespaces',
  apiVersion: 'v1',
  listKind: 'NamespaceList',
  namespaced: false,
  identity: ['namespace'],
  identify: ({ name }) => [name],
  fields: { status: struct(3, { phase: word(1), conditions: list(2, condition) }) },
  families: [
    created('namespace', { stable: true }),
    annotations('namespace'),
    labels('namespace', { stable: true }),
    {
      name: 'kube_namespace_status_phase',
      help: 'kubernetes namespace status phase.',
      stable: true,
      labels: ['phase'],
      samples: ({ status }, add) => addStates(status.phase, ['Active', 'Terminating'], add),
    },
    conditions('namespace', 'The condition of a namespace.'),
  ],
});
