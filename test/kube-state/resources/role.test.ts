import { expect, test } from '@jest/globals';
import { role } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a role has a sample in every family', async () => {
  const object = {
    metadata: {
      name: 'reader',
      namespace: 'shop',
      creationTimestamp: '2026-01-31T12:00:00Z',
      resourceVersion: '4711',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  };
  expect(await linesOf(role, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_role_annotations{namespace="shop",role="reader",annotation_note="by hand"} 1',
    'kube_role_labels{namespace="shop",role="reader",label_team="infra"} 1',
    'kube_role_info{namespace="shop",role="reader"} 1',
    'kube_role_created{namespace="shop",role="reader"} 1.7698608e+09',
    'kube_role_metadata_resource_version{namespace="shop",role="reader"} 4711',
  ]);
});

test('a role with nothing but a name has its information alone', async () => {
  expect(await linesOf(role, { metadata: { name: 'bare', namespace: 'shop' } })).toEqual([
    'kube_role_info{namespace="shop",role="bare"} 1',
  ]);
});
