import { expect, test } from '@jest/globals';
import { clusterRole } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a cluster role has a sample in every family', async () => {
  const object = {
    metadata: {
      name: 'system:node',
      creationTimestamp: '2026-01-31T12:00:00Z',
      resourceVersion: '86',
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  };
  expect(await linesOf(clusterRole, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_clusterrole_annotations{clusterrole="system:node",annotation_rbac_authorization_kubernetes_io_autoupdate="true"} 1',
    'kube_clusterrole_labels{clusterrole="system:node",label_kubernetes_io_bootstrapping="rbac-defaults"} 1',
    'kube_clusterrole_info{clusterrole="system:node"} 1',
    'kube_clusterrole_created{clusterrole="system:node"} 1.7698608e+09',
    'kube_clusterrole_metadata_resource_version{clusterrole="system:node"} 86',
  ]);
});

test('a cluster role with nothing but a name has its information alone', async () => {
  expect(await linesOf(clusterRole, { metadata: { name: 'bare' } })).toEqual([
    'kube_clusterrole_info{clusterrole="bare"} 1',
  ]);
});
