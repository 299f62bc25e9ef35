import { expect, test } from '@jest/globals';
import { clusterRoleBinding } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a cluster role binding names its role', async () => {
  const object = {
    metadata: {
      name: 'admins',
      creationTimestamp: '2026-01-31T12:00:00Z',
      resourceVersion: '1234567',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  };
  expect(await linesOf(clusterRoleBinding, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_clusterrolebinding_annotations{clusterrolebinding="admins",annotation_note="by hand"} 1',
    'kube_clusterrolebinding_labels{clusterrolebinding="admins",label_team="infra"} 1',
    'kube_clusterrolebinding_info{clusterrolebinding="admins",roleref_kind="ClusterRole",roleref_name="cluster-admin"} 1',
    'kube_clusterrolebinding_created{clusterrolebinding="admins"} 1.7698608e+09',
    'kube_clusterrolebinding_metadata_resource_version{clusterrolebinding="admins"} 1.234567e+06',
  ]);
});

test('a cluster role binding with nothing but a name has an empty role', async () => {
  expect(await linesOf(clusterRoleBinding, { metadata: { name: 'bare' } })).toEqual([
    'kube_clusterrolebinding_info{clusterrolebinding="bare",roleref_kind="",roleref_name=""} 1',
  ]);
});
