import { expect, test } from '@jest/globals';
import { ingressClass } from '../../../lib/kube-state/resources/ingressclass.ts';
import { linesOf } from './harness.ts';

test('an ingress class with nothing but a name has no controller', async () => {
  expect(await linesOf(ingressClass, { metadata: { name: 'bare' } })).toEqual([
    'kube_ingressclass_info{ingressclass="bare",controller=""} 1',
  ]);
});
