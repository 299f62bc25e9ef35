import { expect, test } from '@jest/globals';
import { roleBinding } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

const metadata = { name: 'readers', namespace: 'shop' };

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
