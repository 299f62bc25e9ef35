import { expect, test } from '@jest/globals';
import { roleBinding } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

const metadata = { name: 'readers', namespace: 'shop' };

test('a role binding names its role', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      resourceVersion: '4711',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
  };
  expect(await linesOf(roleBinding, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_rolebinding_annotations{namespace="shop",rolebinding="readers",annotation_note="by hand"} 1',
    'kube_rolebinding_labels{namespace="shop",rolebinding="readers",label_team="infra"} 1',
    'kube_rolebinding_info{namespace="shop",rolebinding="readers",roleref_kind="Role",roleref_name="reader"} 1',
    'kube_rolebinding_created{namespace="shop",rolebinding="readers"} 1.7698608e+09',
    'kube_rolebinding_metadata_resource_version{namespace="shop",rolebinding="readers"} 4711',
  ]);
});

test('a role binding may name a cluster role', async () => {
  const object = { metadata, roleRef: { kind: 'ClusterRole', name: 'view' } };
  expect(await linesOf(roleBinding, object)).toEqual([
    'kube_rolebinding_info{namespace="shop",rolebinding="readers",roleref_kind="ClusterRole",roleref_name="view"} 1',
  ]);
});

test('a role binding with nothing but a name has an empty role', async () => {
  expect(await linesOf(roleBinding, { metadata })).toEqual([
    'kube_rolebinding_info{namespace="shop",rolebinding="readers",roleref_kind="",roleref_name=""} 1',
  ]);
});
