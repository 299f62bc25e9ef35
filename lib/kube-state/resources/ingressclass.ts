import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/service/ingressclass-metrics. */
export const ingressClass = resource({
  resource: 'ingressclasses',
  apiVersion: 'networking.k8s.io/v1',
  listKind: 'IngressClassList',
  namespaced: false,
  notByDefault: true,
  identity: ['ingressclass'],
  fields: { spec: struct(2, { controller: word(1) }) },
  families: [
    {
      name: 'kube_ingressclass_info',
      help: 'Information about ingressclass.',
      labels: ['controller'],
      samples: ({ spec }, add) => add(1, spec.controller),
    },
    created('ingressclass'),
    annotations('ingressclass'),
    labels('ingressclass'),
  ],
});
