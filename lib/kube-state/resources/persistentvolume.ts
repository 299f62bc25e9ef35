import {
  embedded,
  integer,
  type MessageSpec,
  optionalInteger,
  optionalWord,
  pairs,
  pointer,
  strings,
  struct,
  text,
  type Values,
  word,
} from '../../backends/kubernetes/wire/fields.ts';
import { quantities } from '../../backends/kubernetes/wire/scalars.ts';
import { wholeQuantity } from '../quantity.ts';
import { resource } from '../resource.ts';
import { addStates, annotations, created, deletionTimestamp, forPairs, labels } from './common.ts';

/** `PersistentVolumeSource`: where a volume's storage is, of the kinds that have labels. */
const volumeSource = {
  gcePersistentDisk: pointer(1, { pdName: text(1) }),
  awsElasticBlockStore: pointer(2, { volumeID: text(1) }),
  hostPath: pointer(3, { path: text(1), type: word(2) }),
  nfs: pointer(5, { server: word(1), path: text(2) }),
  iscsi: pointer(7, { targetPortal: word(1), iqn: word(2), lun: integer(3), initiatorName: word(12) }),
  fc: pointer(10, { targetWWNs: strings(1), lun: optionalInteger(2), wwids: strings(5) }),
  azureDisk: pointer(16, { diskName: text(1) }),
  local: pointer(20, { path: text(1), fsType: word(2) }),
  csi: pointer(22, { driver: word(1), volumeHandle: text(2), volumeAttributes: pairs(5) }),
} satisfies MessageSpec;

const names = [
  'gce_persistent_disk_name',
  'ebs_volume_id',
  'azure_disk_name',
  'fc_wwids',
  'fc_lun',
  'fc_target_wwns',
  'iscsi_target_portal',
  'iscsi_iqn',
  'iscsi_lun',
  'iscsi_initiator_name',
  'nfs_server',
  'nfs_path',
  'csi_driver',
  'csi_volume_handle',
  'local_path',
  'local_fs',
  'host_path',
  'host_path_type',
] as const;

/** All labels of a source; those of other kinds are empty. */
function sourceLabels(source: Values<typeof volumeSource>): readonly (readonly [string, string])[] {
  const known = labelsOf(source);
  return names.map((name) => [name, known[name] ?? '']);
}

/** Of several kinds, which a server would refuse, the first counts. */
function labelsOf(source: Values<typeof volumeSource>): Partial<Record<(typeof names)[number], string>> {
  const { gcePersistentDisk, awsElasticBlockStore, azureDisk, fc, iscsi, nfs, csi, local, hostPath } = source;
  if (gcePersistentDisk) return { gce_persistent_disk_name: gcePersistentDisk.pdName };
  if (awsElasticBlockStore) return { ebs_volume_id: awsElasticBlockStore.volumeID };
  if (azureDisk) return { azure_disk_name: azureDisk.diskName };
  if (fc)
    return { fc_wwids: joined(fc.wwids), fc_lun: `${fc.lun ?? ''}`, fc_target_wwns: joined(fc.targetWWNs) };
  if (iscsi)
    return {
      iscsi_target_portal: iscsi.targetPortal,
      iscsi_iqn: iscsi.iqn,
      iscsi_lun: `${iscsi.lun}`,
      iscsi_initiator_name: iscsi.initiatorName,
    };
  if (nfs) return { nfs_server: nfs.server, nfs_path: nfs.path };
  if (csi) return { csi_driver: csi.driver, csi_volume_handle: csi.volumeHandle };
  if (local) return { local_path: local.path, local_fs: local.fsType };
  return hostPath ? { host_path: hostPath.path, host_path_type: hostPath.type } : {};
}

/** With commas, but none behind empty names at the beginning: so kube-state-metrics joins them. */
function joined(names: readonly string[]): string {
  return names.reduce((before, name) => (before === '' ? name : `${before},${name}`), '');
}

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
      accessModes: strings(3),
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
