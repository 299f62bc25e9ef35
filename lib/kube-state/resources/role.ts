import { resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/role-metrics. */
export const role = resource({
  resource: 'roles',
  apiVersion: 'rbac.authorization.k8s.io/v1',
  listKind: 'RoleList',
  namespaced: true,
  notByDefault: true,
  identity: ['namespace', 'role'],
  fields: {},
  families: [
    annotations('role'),
    labels('role'),
    { name: 'kube_role_info', help: 'Information about role.', value: () => 1 },
    created('role'),
    resourceVersion('role', 'the role'),
  ],
});
