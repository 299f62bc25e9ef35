import { struct } from '../../backends/kubernetes/wire/fields.ts';
import { quantities } from '../../backends/kubernetes/wire/scalars.ts';
import { quantityValue } from '../quantity.ts';
import { resource } from '../resource.ts';
import { annotations, created, forPairs, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/resourcequota-metrics. */
export const resourceQuota = resource({
  resource: 'resourcequotas',
  apiVersion: 'v1',
  listKind: 'ResourceQuotaList',
  namespaced: true,
  identity: ['namespace', 'resourcequota'],
  fields: { status: struct(3, { hard: quantities(1), used: quantities(2) }) },
  families: [
    created('resourcequota', { stable: true }),
    {
      name: 'kube_resourcequota',
      help: 'Information about resource quota.',
      stable: true,
      labels: ['resource', 'type'],
      samples({ status: { hard, used } }, add) {
        forPairs(hard, (name, quantity) => add(quantityValue(quantity), name, 'hard'));
        forPairs(used, (name, quantity) => add(quantityValue(quantity), name, 'used'));
      },
    },
    annotations('resourcequota'),
    labels('resourcequota', { stable: true }),
  ],
});
