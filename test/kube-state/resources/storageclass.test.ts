import { describe, expect, test } from '@jest/globals';
import { storageClass } from '../../../lib/kube-state/resources/storageclass.ts';
import { linesOf } from './harness.ts';

test('a storage class has a sample in every family', async () => {
  const object = {
    metadata: {
      name: 'fast',
      creationTimestamp: '2026-01-31T12:00:00Z',
      labels: { team: 'infra' },
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'ebs.csi.aws.com',
    parameters: { type: 'gp3' },
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
    mountOptions: ['debug'],
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['eu-1a'] }] }],
  };
  expect(await linesOf(storageClass, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    'kube_storageclass_info{storageclass="fast",provisioner="ebs.csi.aws.com",reclaim_policy="Retain",volume_binding_mode="WaitForFirstConsumer"} 1',
    'kube_storageclass_created{storageclass="fast"} 1.7698608e+09',
    'kube_storageclass_annotations{storageclass="fast",annotation_storageclass_kubernetes_io_is_default_class="true"} 1',
    'kube_storageclass_labels{storageclass="fast",label_team="infra"} 1',
  ]);
});

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
