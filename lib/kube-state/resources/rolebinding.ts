import { struct, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/rolebinding-metrics. */
export const roleBinding = resource({
  resource: 'rolebindings',
  apiVersion: 'rbac.authorization.k8s.io/v1',
  listKind: 'RoleBindingList',
  namespaced: true,
  notByDefault: true,
  identity: ['namespace', 'rolebinding'],
  fields: { roleRef: struct(3, { kind: word(2), name: word(3) }) },
  families: [
    annotations('rolebinding'),
    labels('rolebinding'),
    {
      name: 'kube_rolebinding_info',
      help: 'Information about rolebinding.',
      labels: ['roleref_kind', 'roleref_name'],
      samples: ({ roleRef }, add) => add(1, roleRef.kind, roleRef.name),
    },
    created('rolebinding'),
    resourceVersion('rolebinding', 'the rolebinding'),
  ],
});
