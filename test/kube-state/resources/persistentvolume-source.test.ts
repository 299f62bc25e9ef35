import { describe, expect, test } from '@jest/globals';
import { persistentVolume } from '../../../lib/kube-state/resources/persistentvolume.ts';
import type { JsonObject } from '../../../lib/sim/kubernetes/wire/json.ts';
import { linesOf } from './harness.ts';

const names = [
  'storageclass',
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
  'reclaim_policy',
];

/** The line of a volume with these labels, all others being empty. */
function line(labels: Readonly<Record<string, string>>): string {
  const shown = names.map((name) => `${name}="${labels[name] ?? ''}"`).join();
  return `kube_persistentvolume_info{persistentvolume="pv-1",${shown}} 1`;
}

const sources: readonly (readonly [string, JsonObject, Readonly<Record<string, string>>])[] = [
  [
    'a GCE disk',
    { gcePersistentDisk: { pdName: 'disk', fsType: 'ext4', partition: 1 } },
    { gce_persistent_disk_name: 'disk' },
  ],
  [
    'an EBS volume',
    { awsElasticBlockStore: { volumeID: 'aws://eu-1a/vol-1', readOnly: true } },
    { ebs_volume_id: 'aws://eu-1a/vol-1' },
  ],
  [
    'an Azure disk',
    { azureDisk: { diskName: 'disk', diskURI: 'https://blob.example.com/disk' } },
    { azure_disk_name: 'disk' },
  ],
  [
    'fibre channel with names of targets and a number',
    { fc: { targetWWNs: ['0x1', '0x2'], lun: 7 } },
    { fc_lun: '7', fc_target_wwns: '0x1,0x2' },
  ],
  [
    'fibre channel with the number 0',
    { fc: { targetWWNs: ['0x1'], lun: 0 } },
    { fc_lun: '0', fc_target_wwns: '0x1' },
  ],
  [
    'fibre channel with names of its own',
    { fc: { wwids: ['w-1', 'w-2', 'w-3'] } },
    { fc_wwids: 'w-1,w-2,w-3' },
  ],
  [
    'fibre channel whose first names are empty, which get no comma',
    { fc: { wwids: ['', '', 'w-3', ''], targetWWNs: ['', '0x2'] } },
    { fc_wwids: 'w-3,', fc_target_wwns: '0x2' },
  ],
  ['fibre channel that says nothing', { fc: {} }, {}],
  [
    'iSCSI with an initiator',
    {
      iscsi: {
        targetPortal: '10.0.0.1:3260',
        iqn: 'iqn.2026-01.com.example:a',
        lun: 3,
        initiatorName: 'iqn.2026-01.com.example:me',
        portals: ['10.0.0.2'],
        chapAuthSession: true,
      },
    },
    {
      iscsi_target_portal: '10.0.0.1:3260',
      iscsi_iqn: 'iqn.2026-01.com.example:a',
      iscsi_lun: '3',
      iscsi_initiator_name: 'iqn.2026-01.com.example:me',
    },
  ],
  ['iSCSI that says nothing, whose number is 0', { iscsi: {} }, { iscsi_lun: '0' }],
  [
    'NFS',
    { nfs: { server: 'nfs.example.com', path: '/srv' } },
    { nfs_server: 'nfs.example.com', nfs_path: '/srv' },
  ],
  [
    'CSI',
    { csi: { driver: 'ebs.csi.aws.com', volumeHandle: 'vol-1' } },
    { csi_driver: 'ebs.csi.aws.com', csi_volume_handle: 'vol-1' },
  ],
  ['a local disk', { local: { path: '/mnt/a' } }, { local_path: '/mnt/a' }],
  [
    'a local disk to be formatted',
    { local: { path: '/mnt/a', fsType: 'xfs' } },
    { local_path: '/mnt/a', local_fs: 'xfs' },
  ],
  ['a path of the host', { hostPath: { path: '/data' } }, { host_path: '/data' }],
  [
    'a path of the host with a type',
    { hostPath: { path: '/data', type: 'DirectoryOrCreate' } },
    { host_path: '/data', host_path_type: 'DirectoryOrCreate' },
  ],
];

describe('where its storage is', () => {
  const families = ['kube_persistentvolume_info'];

  test.each(sources)('%s', async (_, source, labels) => {
    const spec = { ...source, storageClassName: 'fast', persistentVolumeReclaimPolicy: 'Delete' };
    expect(await linesOf(persistentVolume, { metadata: { name: 'pv-1' }, spec }, { families })).toEqual([
      line({ ...labels, storageclass: 'fast', reclaim_policy: 'Delete' }),
    ]);
  });

  test.each([
    ['glusterfs', { endpoints: 'e', path: 'p' }],
    ['rbd', { monitors: ['m'], image: 'i' }],
    ['cinder', { volumeID: 'v' }],
    ['cephfs', { monitors: ['m'] }],
    ['flocker', { datasetName: 'd' }],
    ['flexVolume', { driver: 'd' }],
    ['azureFile', { secretName: 's', shareName: 's' }],
    ['vsphereVolume', { volumePath: 'p' }],
    ['quobyte', { registry: 'r', volume: 'v' }],
    ['photonPersistentDisk', { pdID: 'p' }],
    ['portworxVolume', { volumeID: 'v' }],
    ['scaleIO', { gateway: 'g', system: 's' }],
    ['storageos', { volumeName: 'v' }],
  ])('%s has no labels', async (kind, source) => {
    const object = { metadata: { name: 'pv-1' }, spec: { [kind]: source } };
    expect(await linesOf(persistentVolume, object, { families })).toEqual([line({})]);
  });

  const everyKind = [
    ['gcePersistentDisk', { pdName: 'disk' }, { gce_persistent_disk_name: 'disk' }],
    ['awsElasticBlockStore', { volumeID: 'vol' }, { ebs_volume_id: 'vol' }],
    ['azureDisk', { diskName: 'disk' }, { azure_disk_name: 'disk' }],
    ['fc', { lun: 1 }, { fc_lun: '1' }],
    ['iscsi', { lun: 2 }, { iscsi_lun: '2' }],
    ['nfs', { server: 's' }, { nfs_server: 's' }],
    ['csi', { driver: 'd' }, { csi_driver: 'd' }],
    ['local', { path: '/l' }, { local_path: '/l' }],
    ['hostPath', { path: '/h' }, { host_path: '/h' }],
  ] as const;

  test.each(everyKind.map(([kind, , labels], index) => [kind, index, labels] as const))(
    'of several kinds, which a server would refuse, %s counts before those after it',
    async (_, index, labels) => {
      const spec = Object.fromEntries(everyKind.slice(index).map(([kind, source]) => [kind, source]));
      expect(await linesOf(persistentVolume, { metadata: { name: 'pv-1' }, spec }, { families })).toEqual([
        line(labels),
      ]);
    },
  );
});
