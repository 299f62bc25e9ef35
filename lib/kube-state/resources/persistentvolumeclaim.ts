import { condition } from '../../backends/kubernetes/kinds/messages.ts';
import { list, optionalWord, strings, struct, text, word } from '../../backends/kubernetes/wire/fields.ts';
import { quantities } from '../../backends/kubernetes/wire/scalars.ts';
import { wholeQuantity } from '../quantity.ts';
import { resource } from '../resource.ts';
import * as common from './common.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Source: kube-state-metrics, docs/metrics/storage/persistentvolumeclaim-metrics. */
export const persistentVolumeClaim = resource({
  resource: 'persistentvolumeclaims',
  apiVersion: 'v1',
  listKind: 'PersistentVolumeClaimList',
  namespaced: true,
  identity: ['namespace', 'persistentvolumeclaim'],
  reads: { annotations: true },
  fields: {
    spec: struct(2, {
      accessModes: strings(1),
      resources: struct(2, { requests: quantities(2) }),
      volumeName: text(3),
      storageClassName: optionalWord(5),
      volumeMode: word(6),
    }),
    status: struct(3, { phase: word(1), conditions: list(4, condition) }),
  },
  families: [
    common.labels('persistentvolumeclaim', { stable: true }),
    common.annotations('persistentvolumeclaim'),
    {
      name: 'kube_persistentvolumeclaim_info',
      help: 'Information about persistent volume claim.',
      stable: true,
      labels: ['storageclass', 'volumename', 'volumemode'],
      samples({ spec, annotations }, add) {
        let storageClass = spec.storageClassName ?? '';
        common.forPairs(annotations, (key, value) => {
          if (key === classAnnotation) storageClass = value;
        });
        add(1, storageClass, spec.volumeName, spec.volumeMode);
      },
    },
    {
      name: 'kube_persistentvolumeclaim_status_phase',
      help: 'The phase the persistent volume claim is currently in.',
      stable: true,
      labels: ['phase'],
      samples({ status: { phase } }, add) {
        if (phase !== '') common.addStates(phase, ['Lost', 'Bound', 'Pending'], add);
      },
    },
    {
      name: 'kube_persistentvolumeclaim_resource_requests_storage_bytes',
      help: 'The capacity of storage requested by the persistent volume claim.',
      stable: true,
      labels: [],
      samples({ spec }, add) {
        common.forPairs(spec.resources.requests, (name, quantity) => {
          if (name === 'storage') add(wholeQuantity(quantity));
        });
      },
    },
    {
      name: 'kube_persistentvolumeclaim_access_mode',
      help: 'The access mode(s) specified by the persistent volume claim.',
      stable: true,
      labels: ['access_mode'],
      samples({ spec }, add) {
        for (const mode of spec.accessModes) add(1, mode);
      },
    },
    common.conditions(
      'persistentvolumeclaim',
      'Information about status of different conditions of persistent volume claim.',
    ),
    common.created('persistentvolumeclaim'),
    common.deletionTimestamp('persistentvolumeclaim'),
  ],
});
