import { optionalWord, word } from '../../backends/kubernetes/wire/fields.ts';
import { resource } from '../resource.ts';
import { annotations, created, labels } from './common.ts';

/** Source: kube-state-metrics, docs/metrics/storage/storageclass-metrics. */
export const storageClass = resource({
  resource: 'storageclasses',
  apiVersion: 'storage.k8s.io/v1',
  listKind: 'StorageClassList',
  namespaced: false,
  identity: ['storageclass'],
  fields: { provisioner: word(2), reclaimPolicy: optionalWord(4), volumeBindingMode: optionalWord(7) },
  families: [
    {
      name: 'kube_storageclass_info',
      help: 'Information about storageclass.',
      stable: true,
      labels: ['provisioner', 'reclaim_policy', 'volume_binding_mode'],
      samples({ provisioner, reclaimPolicy = 'Delete', volumeBindingMode = 'Immediate' }, add) {
        add(1, provisioner, reclaimPolicy, volumeBindingMode);
      },
    },
    created('storageclass', { stable: true }),
    annotations('storageclass'),
    labels('storageclass', { stable: true }),
  ],
});
