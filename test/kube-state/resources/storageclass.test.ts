import { describe, expect, test } from '@jest/globals';
import { storageClass } from '../../../lib/kube-state/resources/storageclass.ts';
import { linesOf } from './harness.ts';

describe('what it does not say is the default of a server, what it says stays', () => {
  test.each([
    [{}, '', 'Delete', 'Immediate'],
    [{ provisioner: 'p', reclaimPolicy: 'Recycle' }, 'p', 'Recycle', 'Immediate'],
    [{ provisioner: 'p', volumeBindingMode: 'WaitForFirstConsumer' }, 'p', 'Delete', 'WaitForFirstConsumer'],
    [{ reclaimPolicy: '', volumeBindingMode: '' }, '', '', ''],
  ])('%j', async (fields, provisioner, reclaimPolicy, bindingMode) => {
    expect(await linesOf(storageClass, { metadata: { name: 'fast' }, ...fields })).toEqual([
      `kube_storageclass_info{storageclass="fast",provisioner="${provisioner}",reclaim_policy="${reclaimPolicy}",volume_binding_mode="${bindingMode}"} 1`,
    ]);
  });
});
