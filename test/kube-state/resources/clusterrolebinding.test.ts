import { expect, test } from '@jest/globals';
import { clusterRoleBinding } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a cluster role binding with nothing but a name has an empty role', async () => {
  expect(await linesOf(clusterRoleBinding, { metadata: { name: 'bare' } })).toEqual([
    'kube_clusterrolebinding_info{clusterrolebinding="bare",roleref_kind="",roleref_name=""} 1',
  ]);
});
