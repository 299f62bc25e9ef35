import { list, struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { quantities } from '../../backends/kubernetes/wire/scalars.ts';
import { quantityValue } from '../quantity.ts';
import { resource } from '../resource.ts';
import { created, forPairs } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/policy/limitrange-metrics. */
export const limitRange = resource({
  resource: 'limitranges',
  apiVersion: 'v1',
  listKind: 'LimitRangeList',
  namespaced: true,
  identity: ['namespace', 'limitrange'],
  fields: {
    spec: struct(2, {
      limits: list(1, {
        type: word(1),
        max: quantities(2),
        min: quantities(3),
        default: quantities(4),
        defaultRequest: quantities(5),
        maxLimitRequestRatio: quantities(6),
      }),
    }),
  },
  families: [
    {
      name: 'kube_limitrange',
      help: 'Information about limit range.',
      stable: true,
      labels: ['resource', 'type', 'constraint'],
      samples({ spec }, add) {
        for (const { type, ...constraints } of spec.limits) {
          for (const [constraint, quantities] of Object.entries(constraints))
            forPairs(quantities, (name, quantity) => add(quantityValue(quantity), name, type, constraint));
        }
      },
    },
    created('limitrange', { stable: true }),
  ],
});
