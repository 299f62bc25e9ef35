import { optionalWord, quantities, text, texts, word } from '../object/fields.ts';
import { embedded, pointer, struct } from '../object/messages.ts';
import { wholeQuantity } from '../object/quantity.ts';
import { resource } from '../resource.ts';
import { addStates, annotations, created, deletionTimestamp, forPairs, labels } from './common.ts';
import { sourceLabels, volumeSource } from './persistentvolume-source.ts';

/** Source: kube-state-metrics, docs/metrics/storage/persistentvolume-metrics. */
export const persistentVolume = resource({
  resource: 'persistentvolumes',
  apiVersion: 'v1',
  listKind: 'PersistentVolumeList',
  namespaced: false,
  identity: ['persistentvolume'],
  fields: {
    spec: struct(2, {
      capacity: quantities(1),
      source: embedded(2, volumeSource),
      accessModes: texts(3),
      claimRef: pointer(4, { namespace: word(2), name: text(3) }),
      persistentVolumeReclaimPolicy: word(5),
      storageClassName: word(6),
      volumeMode: optionalWord(8),
    }),
    status: struct(3, { phase: word(1) }),
  },
  families: [
    {
      name: 'kube_persistentvolume_claim_ref',
      help: 'Information about the Persistent Volume Claim Reference.',
      stable: true,
      labels: ['name', 'claim_namespace'],
      samples({ spec: { claimRef } }, add) {
        if (claimRef !== undefined) add(1, claimRef.name, claimRef.namespace);
      },
    },
    annotations('persistentvolume'),
    labels('persistentvolume', { stable: true }),
    {
      name: 'kube_persistentvolume_status_phase',
      help: 'The phase indicates if a volume is available, bound to a claim, or released by a claim.',
      stable: true,
      labels: ['phase'],
      samples({ status: { phase } }, add) {
        if (phase !== '') addStates(phase, ['Pending', 'Available', 'Bound', 'Released', 'Failed'], add);
      },
    },
    {
      name: 'kube_persistentvolume_info',
      help: 'Information about persistentvolume.',
      stable: true,
      labelled: ({ spec }) => [
        {
          labels: [
            ['storageclass', spec.storageClassName],
            ...sourceLabels(spec.source),
            ['reclaim_policy', spec.persistentVolumeReclaimPolicy],
          ],
          value: 1,
        },
      ],
    },
    {
      name: 'kube_persistentvolume_capacity_bytes',
      help: 'Persistentvolume capacity in bytes.',
      stable: true,
      value({ spec }) {
        let bytes = 0;
        forPairs(spec.capacity, (name, quantity) => {
          if (name === 'storage') bytes = wholeQuantity(quantity);
        });
        return bytes;
      },
    },
    created('persistentvolume'),
    deletionTimestamp('persistentvolume'),
    {
      name: 'kube_persistentvolume_csi_attributes',
      help: 'CSI attributes of the Persistent Volume.',
      optIn: true,
      labels: ['csi_mounter', 'csi_map_options'],
      samples({ spec: { source } }, add) {
        if (source.csi === undefined) return;
        let mounter = '';
        let mapOptions = '';
        forPairs(source.csi.volumeAttributes, (key, value) => {
          if (key === 'mounter') mounter = value;
          if (key === 'mapOptions') mapOptions = value;
        });
        add(1, mounter, mapOptions);
      },
    },
    {
      name: 'kube_persistentvolume_volume_mode',
      help: 'Volume Mode information for the PersistentVolume.',
      labels: ['volumemode'],
      samples: ({ spec }, add) => add(1, spec.volumeMode ?? 'Filesystem'),
    },
    {
      name: 'kube_persistentvolume_access_mode',
      help: 'The access mode(s) specified by the persistent volume.',
      labels: ['access_mode'],
      samples({ spec }, add) {
        for (const mode of spec.accessModes) add(1, mode);
      },
    },
  ],
});
