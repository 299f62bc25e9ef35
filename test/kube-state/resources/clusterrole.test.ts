import { expect, test } from '@jest/globals';
import { clusterRole } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a cluster role with nothing but a name has its information alone', async () => {
  expect(await linesOf(clusterRole, { metadata: { name: 'bare' } })).toEqual([
    'kube_clusterrole_info{clusterrole="bare"} 1',
  ]);
});
