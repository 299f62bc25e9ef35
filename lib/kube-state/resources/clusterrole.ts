import { resource } from '../resource.ts';
import { annotations, created, labels, resourceVersion } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/auth/clusterrole-metrics. */
export const clusterRole = resource({
  resource: 'clusterroles',
  apiVersion: 'rbac.authorization.k8s.io/v1',
  listKind: 'ClusterRoleList',
  namespaced: false,
  notByDefault: true,
  identity: ['clusterrole'],
  fields: {},
  families: [
    annotations('clusterrole'),
    labels('clusterrole'),
    { name: 'kube_clusterrole_info', help: 'Information about cluster role.', value: () => 1 },
    created('clusterrole'),
    resourceVersion('clusterrole', 'the cluster role'),
  ],
});
