import { expect, test } from '@jest/globals';
import { role } from '../../../lib/kube-state/resources/role.ts';
import { linesOf } from './harness.ts';

test('a role with nothing but a name has its information alone', async () => {
  expect(await linesOf(role, { metadata: { name: 'bare', namespace: 'shop' } })).toEqual([
    'kube_role_info{namespace="shop",role="bare"} 1',
  ]);
});
