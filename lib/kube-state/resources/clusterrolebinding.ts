import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/clusterrolebinding-metrics. */
export const clusterRoleBinding = resource({
  resource: 'clusterrolebindings',
  apiVersion: 'rbac.authorization.k8s.io/v1',
  listKind: 'ClusterRoleBindingList',
  namespaced: false,
  notByDefault: true,
  identity: ['clusterrolebinding'],
  fields: { roleRef: struct(3, { kind: word(2), name: word(3) }) },
  families: [
    annotations('clusterrolebinding'),
    labels('clusterrolebinding'),
    {
      name: 'kube_clusterrolebinding_info',
      help: 'Information about clusterrolebinding.',
      labels: ['roleref_kind', 'roleref_name'],
      samples: ({ roleRef }, add) => add(1, roleRef.kind, roleRef.name),
    },
    created('clusterrolebinding'),
    resourceVersion('clusterrolebinding', 'the clusterrolebinding'),
  ],
});
