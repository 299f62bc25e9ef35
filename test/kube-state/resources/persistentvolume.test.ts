import { describe, expect, test } from '@jest/globals';
import { persistentVolume } from '../../../lib/kube-state/resources/persistentvolume.ts';
import { linesOf } from './harness.ts';

const own = 'persistentvolume="pv-1"';
const metadata = { name: 'pv-1' };

test('a bound volume of CSI that is being deleted has a sample in every family', async () => {
  const object = {
    metadata: {
      ...metadata,
      creationTimestamp: '2026-01-31T12:00:00Z',
      deletionTimestamp: '2026-02-01T00:00:00Z',
      labels: { team: 'infra' },
      annotations: { note: 'by hand' },
    },
    spec: {
      capacity: { storage: '1Gi' },
      csi: {
        driver: 'rbd.csi.ceph.com',
        volumeHandle: 'h-1',
        fsType: 'ext4',
        volumeAttributes: { clusterID: 'c', mounter: 'rbd-nbd', mapOptions: 'krbd:rxbounce' },
      },
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      claimRef: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'claim-1', uid: 'u' },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'fast',
      volumeMode: 'Block',
      mountOptions: ['ro'],
    },
    status: { phase: 'Bound', lastPhaseTransitionTime: '2026-01-31T12:00:01Z' },
  };
  expect(await linesOf(persistentVolume, object, { labels: ['*'], annotations: ['*'] })).toEqual([
    `kube_persistentvolume_claim_ref{${own},name="claim-1",claim_namespace="shop"} 1`,
    `kube_persistentvolume_annotations{${own},annotation_note="by hand"} 1`,
    `kube_persistentvolume_labels{${own},label_team="infra"} 1`,
    `kube_persistentvolume_status_phase{${own},phase="Pending"} 0`,
    `kube_persistentvolume_status_phase{${own},phase="Available"} 0`,
    `kube_persistentvolume_status_phase{${own},phase="Bound"} 1`,
    `kube_persistentvolume_status_phase{${own},phase="Released"} 0`,
    `kube_persistentvolume_status_phase{${own},phase="Failed"} 0`,
    `kube_persistentvolume_info{${own},storageclass="fast",gce_persistent_disk_name="",ebs_volume_id="",azure_disk_name="",fc_wwids="",fc_lun="",fc_target_wwns="",iscsi_target_portal="",iscsi_iqn="",iscsi_lun="",iscsi_initiator_name="",nfs_server="",nfs_path="",csi_driver="rbd.csi.ceph.com",csi_volume_handle="h-1",local_path="",local_fs="",host_path="",host_path_type="",reclaim_policy="Retain"} 1`,
    `kube_persistentvolume_capacity_bytes{${own}} 1.073741824e+09`,
    `kube_persistentvolume_created{${own}} 1.7698608e+09`,
    `kube_persistentvolume_deletion_timestamp{${own}} 1.769904e+09`,
    `kube_persistentvolume_csi_attributes{${own},csi_mounter="rbd-nbd",csi_map_options="krbd:rxbounce"} 1`,
    `kube_persistentvolume_volume_mode{${own},volumemode="Block"} 1`,
    `kube_persistentvolume_access_mode{${own},access_mode="ReadWriteOnce"} 1`,
    `kube_persistentvolume_access_mode{${own},access_mode="ReadOnlyMany"} 1`,
  ]);
});

test('a volume with nothing but a name has no phase, no bytes, and holds a file system', async () => {
  expect(await linesOf(persistentVolume, { metadata })).toEqual([
    `kube_persistentvolume_info{${own},storageclass="",gce_persistent_disk_name="",ebs_volume_id="",azure_disk_name="",fc_wwids="",fc_lun="",fc_target_wwns="",iscsi_target_portal="",iscsi_iqn="",iscsi_lun="",iscsi_initiator_name="",nfs_server="",nfs_path="",csi_driver="",csi_volume_handle="",local_path="",local_fs="",host_path="",host_path_type="",reclaim_policy=""} 1`,
    `kube_persistentvolume_capacity_bytes{${own}} 0`,
    `kube_persistentvolume_volume_mode{${own},volumemode="Filesystem"} 1`,
  ]);
});

describe('its phase is one of five, none, or no sample at all', () => {
  const phases = ['Pending', 'Available', 'Bound', 'Released', 'Failed'];

  test.each([...phases, 'Lost'])('%s', async (phase) => {
    const families = ['kube_persistentvolume_status_phase'];
    expect(await linesOf(persistentVolume, { metadata, status: { phase } }, { families })).toEqual(
      phases.map(
        (each) => `kube_persistentvolume_status_phase{${own},phase="${each}"} ${each === phase ? 1 : 0}`,
      ),
    );
  });

  test('an empty one', async () => {
    const families = ['kube_persistentvolume_status_phase'];
    expect(await linesOf(persistentVolume, { metadata, status: { phase: '' } }, { families })).toEqual([]);
  });
});

describe('its claim', () => {
  test.each([
    [{}, 'name="",claim_namespace=""'],
    [{ name: 'claim-1' }, 'name="claim-1",claim_namespace=""'],
  ])('%j is shown as far as it says', async (claimRef, labels) => {
    const families = ['kube_persistentvolume_claim_ref'];
    expect(await linesOf(persistentVolume, { metadata, spec: { claimRef } }, { families })).toEqual([
      `kube_persistentvolume_claim_ref{${own},${labels}} 1`,
    ]);
  });
});

describe('its capacity is whole bytes, as far as Go can count them', () => {
  test.each([
    [{ storage: '5Gi' }, '5.36870912e+09'],
    [{ storage: '1500m' }, '2'],
    [{ storage: '0' }, '0'],
    [{ storage: '10Ei' }, '9.223372036854776e+18'],
    [{ storage: '100E' }, '0'],
    [{ cpu: '1' }, '0'],
    [{}, '0'],
  ])('%j', async (capacity, bytes) => {
    const families = ['kube_persistentvolume_capacity_bytes'];
    expect(await linesOf(persistentVolume, { metadata, spec: { capacity } }, { families })).toEqual([
      `kube_persistentvolume_capacity_bytes{${own}} ${bytes}`,
    ]);
  });
});

describe('attributes of CSI that Ceph reads', () => {
  test.each([
    ['none of another kind of volume', { nfs: { server: 's', path: '/' } }, undefined],
    ['empty without attributes', { csi: { driver: 'd' } }, ['', '']],
    ['one of them', { csi: { volumeAttributes: { mapOptions: 'a,b', Mounter: 'x' } } }, ['', 'a,b']],
    ['the other', { csi: { volumeAttributes: { mounter: 'fuse' } } }, ['fuse', '']],
  ])('%s', async (_, spec, shown) => {
    const families = ['kube_persistentvolume_csi_attributes'];
    expect(await linesOf(persistentVolume, { metadata, spec }, { families })).toEqual(
      shown === undefined
        ? []
        : [
            `kube_persistentvolume_csi_attributes{${own},csi_mounter="${shown[0]}",csi_map_options="${shown[1]}"} 1`,
          ],
    );
  });
});

describe('its mode', () => {
  test.each([
    [{ volumeMode: 'Filesystem' }, 'Filesystem'],
    [{ volumeMode: 'Block' }, 'Block'],
    [{ volumeMode: '' }, ''],
    [{}, 'Filesystem'],
  ])('%j', async (spec, mode) => {
    const families = ['kube_persistentvolume_volume_mode'];
    expect(await linesOf(persistentVolume, { metadata, spec }, { families })).toEqual([
      `kube_persistentvolume_volume_mode{${own},volumemode="${mode}"} 1`,
    ]);
  });
});

test('each of its access modes has a sample', async () => {
  const accessModes = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];
  const families = ['kube_persistentvolume_access_mode'];
  expect(await linesOf(persistentVolume, { metadata, spec: { accessModes } }, { families })).toEqual(
    accessModes.map((mode) => `kube_persistentvolume_access_mode{${own},access_mode="${mode}"} 1`),
  );
});
